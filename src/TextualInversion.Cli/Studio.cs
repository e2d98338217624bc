using TextualInversion.Data;
using TextualInversion.Generation;
using TextualInversion.Models;
using TextualInversion.Schedulers;
using static TorchSharp.torch;

namespace TextualInversion.Cli;

/// <summary>Paints a plan's pictures in batches, each with the embeddings that it asks for.</summary>
internal sealed class Studio(IDiffusionModel network, SchedulerConfig scheduler, EmbeddingShelf shelf) : IDisposable
{
    private readonly List<Tensor> rows = [];
    private readonly Dictionary<EmbeddingVariation, (EmbeddingShelf Shelf, TextToImage Painter)> painters = [];

    /// <summary>Refuses what would fail later: options out of range, embeddings that do not fit.</summary>
    /// <exception cref="TextualInversionException">See there.</exception>
    public void Check(PicturePlan plan)
    {
        foreach (var job in plan.Jobs)
        {
            job.Options.Validate();
            Samplers.Create(job.Options.Sampler, scheduler, job.Options.Steps, job.Options.Eta).Dispose();
            PainterFor(job.Variation);
        }
    }

    /// <summary>The tokenizers of a picture with these embeddings.</summary>
    public PromptTokenizers TokenizersOf(EmbeddingShelf embeddings) =>
        new(network.Tokenizers, embeddings.Placeholders([.. network.Vocabularies.Select(vocabulary => vocabulary.shape[1])]));

    /// <summary>Paints in the plan's order, a batch at a time; what was painted before a cancellation has been handed out.</summary>
    /// <param name="plan">the pictures</param>
    /// <param name="batch">at most so many at once; those that differ in more than the seed are never in one</param>
    /// <param name="progress">told of each call of the model, with the pictures done before</param>
    /// <param name="cancellationToken">ends the work</param>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public IEnumerable<(PictureJob Job, RgbPicture Picture)> Paint(PicturePlan plan, int batch, Action<int, int, int, int> progress, CancellationToken cancellationToken)
    {
        for (var done = 0; done < plan.Jobs.Count;)
        {
            var first = plan.Jobs[done];
            var together = plan.Jobs.Skip(done).TakeWhile(job => job.Options == first.Options && job.Variation == first.Variation).Take(batch).ToList();
            var (own, painter) = PainterFor(first.Variation);
            var options = first.Options with { Prompt = own.Resolve(first.Options.Prompt), Negative = first.Options.Negative is { } negative ? own.Resolve(negative) : null };
            var before = done;
            var report = new Rendering.Report<(int Step, int Steps)>(at => progress(before, together.Count, at.Step, at.Steps));
            var pictures = painter.Generate(options, [.. together.Select(job => job.Seed)], report, cancellationToken);
            foreach (var pair in together.Zip(pictures)) yield return pair;
            done += together.Count;
        }
    }

    public void Dispose()
    {
        foreach (var (own, _) in painters.Values)
        {
            if (own != shelf) own.Dispose();
        }

        foreach (var tensor in rows) tensor.Dispose();
    }

    private (EmbeddingShelf Shelf, TextToImage Painter) PainterFor(EmbeddingVariation variation)
    {
        if (painters.TryGetValue(variation, out var known)) return known;
        var own = variation == new EmbeddingVariation() ? shelf : EmbeddingShelf.Named(variation.Apply(shelf));
        var tokenizers = TokenizersOf(own);
        var ownRows = own.Rows(network);
        rows.AddRange(ownRows ?? []);
        return painters[variation] = (own, new TextToImage(network, scheduler, tokenizers, ownRows));
    }
}
