using TextualInversion.Models;
using TextualInversion.Models.Tokenizers;
using TextualInversion.Native;
using static TorchSharp.torch;

namespace TextualInversion.Training;

/// <summary>Describes one learned vector.</summary>
/// <param name="Encoder">The text encoder, counted from 0.</param>
/// <param name="Row">The vector among those of its encoder, counted from 0.</param>
/// <param name="Norm">The vector's norm.</param>
/// <param name="Drift">The distance from its initial value.</param>
/// <param name="Nearest">The words with the highest cosine similarity, nearest first.</param>
internal sealed record LearnedRow(int Encoder, int Row, double Norm, double Drift, IReadOnlyList<NearWord> Nearest);

/// <summary>
/// Measures the distance of vectors from their initial values, and finds the nearest words. The vectors of all text
/// encoders are in one list, one encoder after the other.
/// </summary>
internal sealed class EmbeddingDiagnostics : IDisposable
{
    private const int Neighbors = 5;

    private readonly List<Tensor> initialRows; // on the CPU
    private readonly List<NearestWords> words;

    /// <param name="model">The model with the vocabularies.</param>
    /// <param name="initialRows">The initial vectors, (n, d) for each text encoder.</param>
    public EmbeddingDiagnostics(IDiffusionModel model, IReadOnlyList<Tensor> initialRows)
    {
        using var scope = NewDisposeScope();
        this.initialRows = [.. initialRows.Select(rows => HostCopy.Of(rows).clone().DetachFromDisposeScope())];
        words = [.. model.Tokenizers.Zip(model.Vocabularies, (tokenizer, table) => new NearestWords(tokenizer, table))];
    }

    /// <summary>The norms of the vocabulary of each text encoder.</summary>
    public IReadOnlyList<NormRange> VocabularyNorms => [.. words.Select(each => each.Norms)];

    /// <summary>The norm of each vector.</summary>
    public static IReadOnlyList<double> Norms(IReadOnlyList<Tensor> rows)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        return [.. rows.SelectMany(each => HostCopy.Floats(each.norm(1))).Select(norm => (double)norm)];
    }

    /// <summary>The distance of each vector from its initial value.</summary>
    public IReadOnlyList<double> Drift(IReadOnlyList<Tensor> rows)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        return Norms([.. rows.Zip(initialRows, (now, then) => HostCopy.Of(now) - then)]);
    }

    /// <summary>The nearest word of each vector. Costs a matrix product with each vocabulary.</summary>
    public IReadOnlyList<NearWord> Nearest(IReadOnlyList<Tensor> rows) =>
        [.. rows.SelectMany((each, encoder) => words[encoder].Find(each, 1)).Select(near => near[0])];

    public IReadOnlyList<LearnedRow> Describe(IReadOnlyList<Tensor> rows)
    {
        var places = rows.SelectMany(
            (each, encoder) => Enumerable.Range(0, (int)each.shape[0]).Select(row => (encoder, row))
        );
        var near = rows.SelectMany((each, encoder) => words[encoder].Find(each, Neighbors)).ToList();
        var (norms, drift) = (Norms(rows), Drift(rows));
        return
        [
            .. places.Select(
                (place, index) => new LearnedRow(place.encoder, place.row, norms[index], drift[index], near[index])
            ),
        ];
    }

    public void Dispose()
    {
        words.ForEach(each => each.Dispose());
        initialRows.ForEach(each => each.Dispose());
    }
}
