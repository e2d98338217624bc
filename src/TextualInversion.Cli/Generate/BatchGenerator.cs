using TextualInversion.Cli.EmbeddingFiles;
using TextualInversion.Cli.Terminal;
using TextualInversion.Data;
using TextualInversion.Generation;
using TextualInversion.Models;
using TextualInversion.Models.Tokenizers;
using TextualInversion.Schedulers;
using static TorchSharp.torch;

namespace TextualInversion.Cli.Generate;

/// <summary>Paints a plan's images in batches, each with the embeddings that it asks for.</summary>
internal sealed class BatchGenerator(IDiffusionModel network, SchedulerConfig scheduler, EmbeddingSet shelf)
    : IDisposable
{
    private readonly List<Tensor> rows = [];
    private readonly Dictionary<EmbeddingVariation, (EmbeddingSet Shelf, TextToImage Painter)> painters = [];

    /// <summary>Refuses what would fail later: options out of range, embeddings that do not fit.</summary>
    /// <exception cref="TextualInversionException">See there.</exception>
    public void Check(ImagePlan plan)
    {
        foreach (var job in plan.Jobs)
        {
            job.Options.Validate();
            Samplers.Create(job.Options.Sampler, scheduler, job.Options.Steps, job.Options.Eta).Dispose();
            PainterFor(job.Variation);
        }
    }

    /// <summary>The tokenizers of an image with these embeddings.</summary>
    public PromptTokenizers TokenizersOf(EmbeddingSet embeddings) =>
        new(
            network.Tokenizers,
            embeddings.Placeholders([.. network.Vocabularies.Select(vocabulary => vocabulary.shape[1])])
        );

    /// <summary>
    /// Paints in the plan's order, a batch at a time; what was painted before a cancellation has been handed out. Where memory runs out, the
    /// batch is halved from there on.
    /// </summary>
    /// <param name="plan">the images</param>
    /// <param name="batch">at most so many at once; those that differ in more than the seed are never in one</param>
    /// <param name="progress">told of each call of the model</param>
    /// <param name="cancellationToken">ends the work</param>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    /// <exception cref="TextualInversionException">Memory runs out for a single image.</exception>
    public IEnumerable<(ImageJob Job, RgbImage Image)> Paint(
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
                .TakeWhile(job => job.Options == first.Options && job.Variation == first.Variation)
                .Take(batch)
                .ToList();
            var at = new GenerationProgress(done, together.Count, 0, 1);
            var images = TryPaint(together, at, progress, cancellationToken);
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

    /// <returns>null where memory ran out and fewer images may fit</returns>
    private IReadOnlyList<RgbImage>? TryPaint(
        List<ImageJob> together,
        GenerationProgress start,
        IProgress<GenerationProgress> progress,
        CancellationToken cancellationToken
    )
    {
        var (options, variation) = (together[0].Options, together[0].Variation);
        var (own, painter) = PainterFor(variation);
        options = options with
        {
            Prompt = own.Resolve(options.Prompt),
            Negative = options.Negative is { } negative ? own.Resolve(negative) : null,
        };
        var report = new SynchronousProgress<(int Step, int Steps)>(at =>
            progress.Report(start with { Step = at.Step, Steps = at.Steps })
        );
        try
        {
            return painter.Generate(options, [.. together.Select(job => job.Seed)], report, cancellationToken);
        }
        catch (InsufficientMemoryException error)
        {
            return together.Count > 1
                ? null
                : throw new TextualInversionException(
                    $"Memory ran out while making an image of {options.Width} x {options.Height}; choose a smaller --width and --height, --precision bf16, or close other programs.",
                    error
                );
        }
    }

    public void Dispose()
    {
        foreach (var (own, _) in painters.Values)
        {
            if (own != shelf)
                own.Dispose();
        }

        foreach (var tensor in rows)
            tensor.Dispose();
    }

    private (EmbeddingSet Shelf, TextToImage Painter) PainterFor(EmbeddingVariation variation)
    {
        if (painters.TryGetValue(variation, out var known))
            return known;
        var own = variation == new EmbeddingVariation() ? shelf : EmbeddingSet.Named(variation.Apply(shelf));
        var tokenizers = TokenizersOf(own);
        var ownRows = own.Rows(network);
        rows.AddRange(ownRows ?? []);
        return painters[variation] = (own, new TextToImage(network, scheduler, tokenizers, ownRows));
    }
}
