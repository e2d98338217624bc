using TextualInversion.Models;
using TextualInversion.Models.Tokenizers;
using static TorchSharp.torch;

namespace TextualInversion.Training.RunFiles;

/// <summary>What can be told of a learned row.</summary>
/// <param name="Encoder">its text encoder, counted from 0</param>
/// <param name="Row">which of that encoder's, counted from 0</param>
/// <param name="Norm">its length</param>
/// <param name="Drift">its distance from where it started</param>
/// <param name="Nearest">the words that point most nearly where it does, the nearest first</param>
internal sealed record LearnedRow(int Encoder, int Row, double Norm, double Drift, IReadOnlyList<NearWord> Nearest);

/// <summary>
/// Tells how far rows have come, and what they are near to. With several text encoders their rows come one after the
/// other.
/// </summary>
internal sealed class EmbeddingDiagnostics : IDisposable
{
    private const int Neighbours = 5;

    private readonly IReadOnlyList<Tensor> initialRows;
    private readonly List<NearestWords> words;

    /// <param name="model">whose words are looked through</param>
    /// <param name="initialRows">(n, d) for each text encoder: where the rows start</param>
    public EmbeddingDiagnostics(IDiffusionModel model, IReadOnlyList<Tensor> initialRows)
    {
        this.initialRows = initialRows;
        words = [.. model.Tokenizers.Zip(model.Vocabularies, (tokenizer, table) => new NearestWords(tokenizer, table))];
    }

    /// <summary>Of each text encoder.</summary>
    public IReadOnlyList<NormRange> VocabularyNorms => [.. words.Select(each => each.Norms)];

    /// <summary>The length of each row.</summary>
    public static IReadOnlyList<double> Norms(IReadOnlyList<Tensor> rows)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        return [.. rows.SelectMany(each => each.norm(1).cpu().data<float>().ToArray().Select(norm => (double)norm))];
    }

    /// <summary>The distance of each row from where it started.</summary>
    public IReadOnlyList<double> Drift(IReadOnlyList<Tensor> rows)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        return Norms([.. rows.Zip(initialRows, (now, then) => now - then.to(now.device))]);
    }

    /// <summary>The nearest word of each row. Costs a matrix product with each vocabulary.</summary>
    public IReadOnlyList<NearWord> Nearest(IReadOnlyList<Tensor> rows) =>
        [.. rows.SelectMany((each, encoder) => words[encoder].Find(each, 1)).Select(near => near[0])];

    public IReadOnlyList<LearnedRow> Describe(IReadOnlyList<Tensor> rows)
    {
        var places = rows.SelectMany(
            (each, encoder) => Enumerable.Range(0, (int)each.shape[0]).Select(row => (encoder, row))
        );
        var near = rows.SelectMany((each, encoder) => words[encoder].Find(each, Neighbours)).ToList();
        var (norms, drift) = (Norms(rows), Drift(rows));
        return
        [
            .. places.Select(
                (place, index) => new LearnedRow(place.encoder, place.row, norms[index], drift[index], near[index])
            ),
        ];
    }

    public void Dispose() => words.ForEach(each => each.Dispose());
}
