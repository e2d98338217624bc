using TextualInversion.Cli.EmbeddingFiles;
using TextualInversion.Cli.ModelAccess;
using TextualInversion.Cli.Terminal;
using TextualInversion.Data;
using TextualInversion.Generation;
using TextualInversion.Models;
using TextualInversion.Models.Tokenizers;
using TextualInversion.Schedulers;
using static TorchSharp.torch;

namespace TextualInversion.Cli.Generate;

/// <summary>Generates a plan's images in batches, each with its variation of the embeddings.</summary>
/// <param name="model">The frozen model.</param>
/// <param name="scheduler">Its noise schedule.</param>
/// <param name="embeddings">The embeddings that the prompts call.</param>
/// <param name="loras">The LoRAs that the prompts call, or null for none.</param>
internal sealed class BatchGenerator(
    IDiffusionModel model,
    SchedulerConfig scheduler,
    PromptEmbeddings embeddings,
    PromptLoras? loras = null
) : IDisposable
{
    private readonly List<Tensor> rows = [];
    private readonly List<EmbeddingSet> variedSets = [];
    private readonly Dictionary<EmbeddingVariation, TextToImage> generators = [];

    /// <summary>Refuses what would fail later: options out of range, embeddings that do not fit.</summary>
    /// <exception cref="TextualInversionException">See there.</exception>
    public void Check(ImagePlan plan)
    {
        foreach (var job in plan.Jobs)
        {
            job.Options.Validate(scheduler);
            GeneratorFor(job.Variation);
        }
    }

    /// <summary>
    /// Generates in the plan's order, a batch at a time; images that were finished before a cancellation have been
    /// returned. Where memory runs out, the batch is halved from there on.
    /// </summary>
    /// <param name="plan">The images.</param>
    /// <param name="batch">The largest batch. Images that differ in more than the seed are never in one.</param>
    /// <param name="progress">Notified before a batch's first call of the model and after each.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    /// <exception cref="OperationCanceledException">It was canceled.</exception>
    /// <exception cref="TextualInversionException">Memory runs out for a single image.</exception>
    public IEnumerable<(ImageJob Job, RgbImage Image)> Generate(
        ImagePlan plan,
        int batch,
        IProgress<GenerationProgress> progress,
        CancellationToken cancellationToken
    )
    {
        for (var done = 0; done < plan.Jobs.Count; )
        {
            var first = plan.Jobs[done];
            var together = plan
                .Jobs.Skip(done)
                .TakeWhile(job => job with { Seed = first.Seed } == first)
                .Take(batch)
                .ToList();
            var at = new GenerationProgress(done, together.Count, 0, 1);
            var images = TryGenerate(together, at, progress, cancellationToken);
            if (images is null)
            {
                batch = together.Count / 2;
                progress.Report(at with { SmallerBatch = batch });
                continue;
            }

            foreach (var pair in together.Zip(images))
                yield return pair;
            done += together.Count;
        }
    }

    /// <returns>The images, or null if memory ran out and fewer may fit.</returns>
    private IReadOnlyList<RgbImage>? TryGenerate(
        List<ImageJob> together,
        GenerationProgress start,
        IProgress<GenerationProgress> progress,
        CancellationToken cancellationToken
    )
    {
        var options = together[0].Options;
        loras?.Use(options.Prompt, together[0].Loras);
        options = options with
        {
            Prompt = embeddings.Resolve(LoraTag.Remove(options.Prompt)),
            Negative = options.Negative is { } negative ? embeddings.Resolve(LoraTag.Remove(negative)) : null,
        };
        var report = new SynchronousProgress<(int Step, int Steps)>(at =>
            progress.Report(start with { Step = at.Step, Steps = at.Steps })
        );
        try
        {
            var seeds = together.Select(job => job.Seed).ToList();
            return GeneratorFor(together[0].Variation).Generate(options, seeds, report, cancellationToken);
        }
        catch (InsufficientMemoryException error)
        {
            return together.Count > 1
                ? null
                : throw new TextualInversionException(
                    $"Memory ran out while making an image of {options.Width} x {options.Height}; "
                        + "choose a smaller --width and --height, --precision bf16, or close other programs.",
                    error
                );
        }
    }

    public void Dispose()
    {
        foreach (var set in variedSets)
            set.Dispose();
        foreach (var tensor in rows)
            tensor.Dispose();
    }

    private TextToImage GeneratorFor(EmbeddingVariation variation)
    {
        if (generators.TryGetValue(variation, out var known))
            return known;
        var set = embeddings.Set;
        if (variation != new EmbeddingVariation())
        {
            set = EmbeddingSet.Load(variation.Apply(embeddings));
            variedSets.Add(set);
        }

        var capacity = new PromptTokenizer(model.Tokenizers[0], []).Capacity;
        var placeholders = embeddings.Placeholders(set.Embeddings, capacity);
        var setRows = set.Rows(model);
        rows.AddRange(setRows ?? []);
        var tokenizers = new PromptTokenizers(model.Tokenizers, placeholders);
        return generators[variation] = new TextToImage(model, scheduler, tokenizers, setRows);
    }
}
