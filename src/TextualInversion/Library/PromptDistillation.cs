using TextualInversion.Models;
using TextualInversion.Models.Tokenizers;
using TextualInversion.Native;
using TextualInversion.Schedulers;
using TextualInversion.Training;
using TextualInversion.Training.Distillation;

namespace TextualInversion;

/// <summary>A distillation of the public API: from a prompt to an embedding.</summary>
internal sealed class PromptDistillation(StableDiffusionModel model, string prompt, DistillOptions wanted)
{
    /// <exception cref="TextualInversionException">
    /// An option is wrong, an embedding does not fit, the prompt cannot be distilled, or memory ran out.
    /// </exception>
    /// <exception cref="OperationCanceledException">It was canceled before the first step.</exception>
    public DistillResult Run(
        IDiffusionModel network,
        IProgress<DistillProgress>? progress,
        CancellationToken cancellationToken
    )
    {
        wanted.Validate();
        var placeholder = Placeholder.New(wanted.Token, wanted.Vectors);
        _ = new PromptTokenizers(network.Tokenizers, [placeholder]); // refuses what the vocabulary already holds
        var (_, rows) = ImageGenerator.Prepare(network, wanted.Embeddings);
        try
        {
            var tokens = wanted.Embeddings.Select(each => Placeholder.Parse(each.Token, each.Vectors));
            var source = new DistillationSource(prompt, [.. tokens], rows);
            var options = Options();
            var distiller = new Distiller(network, new NoiseSchedule(model.Scheduler), source, options);
            using var result = distiller.Run(
                new Forwarded<int>(done => progress?.Report(new(done, NoisyLatents.Count, 0, wanted.Steps, null))),
                new Forwarded<(int Step, double Loss)>(at =>
                    progress?.Report(new(NoisyLatents.Count, NoisyLatents.Count, at.Step, wanted.Steps, at.Loss))
                ),
                cancellationToken
            );
            return ToResult(network, placeholder, options, result);
        }
        catch (Exception error) when (OutOfMemory.Is(error))
        {
            throw new TextualInversionException(
                $"Memory ran out while distilling with {nameof(DistillOptions.BatchSize)} {wanted.BatchSize}; choose a "
                    + $"smaller one, or {nameof(Precision.Bf16)}.",
                error
            );
        }
        finally
        {
            foreach (var each in rows ?? [])
                each.Dispose();
        }
    }

    private DistillationOptions Options() =>
        new()
        {
            Vectors = wanted.Vectors,
            Steps = wanted.Steps,
            BatchSize = wanted.BatchSize,
            LearningRate = wanted.LearningRate,
            Seed = wanted.Seed,
            Target = wanted.Target,
            IsNegative = wanted.IsNegative,
            ComparedImages = wanted.ComparedImages,
            Images = model.Resolve("", wanted.Generation),
        };

    private DistillResult ToResult(
        IDiffusionModel network,
        Placeholder placeholder,
        DistillationOptions options,
        DistillationResult result
    )
    {
        var distances = result.IsCancelled ? null : result;
        return new DistillResult
        {
            Embedding = new Embedding(
                placeholder.Name,
                [.. result.Rows.Select(RowValues.FromTensor)],
                Origin(placeholder.Name).Provenance(result, options, network)
            ),
            Tokens = result.Tokens,
            Steps = result.Steps,
            BestStep = result.BestStep,
            IsCancelled = result.IsCancelled,
            Distance = distances?.RelativeNoise(DistillationRival.Vectors),
            TruncatedDistance = distances?.RelativeNoise(DistillationRival.Truncated),
            ImageDistances = distances?.Of(DistillationRival.Vectors).Images ?? [],
        };
    }

    private DistillationOrigin Origin(string token) =>
        new(prompt, token, model.Source, model.Files, model.Loras, model.Scheduler.PredictionType, Software.Name);

    private sealed class Forwarded<T>(Action<T> report) : IProgress<T>
    {
        public void Report(T value) => report(value);
    }
}
