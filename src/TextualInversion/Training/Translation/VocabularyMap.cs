using TextualInversion.Native;
using static TorchSharp.torch;

namespace TextualInversion.Training.Translation;

/// <summary>How near the translation of tokens that were held out is to their true rows.</summary>
/// <param name="Cosine">The mean cosine similarity of the linear map's rows.</param>
/// <param name="NearestWordCosine">The same of the rows of the word that is nearest in the first model.</param>
/// <param name="Tokens">The number of held-out tokens.</param>
internal sealed record MapQuality(double Cosine, double NearestWordCosine, int Tokens);

/// <summary>
/// A linear map from the rows of one vocabulary to those of another, fitted by ridge regression (Hoerl and Kennard
/// 1970) on the tokens that both have, as word embeddings of two languages are aligned (Mikolov et al. 2013,
/// "Exploiting similarities among languages for machine translation"). The strength of the ridge is the best
/// on held-out tokens.
/// </summary>
internal sealed class VocabularyMap : IDisposable
{
    private const int Parts = 10; // one part of the tokens chooses the ridge, one is for the report
    private const int MostReported = 1000; // tokens

    private static readonly double[] Ridges = [1e-4, 1e-3, 1e-2, 1e-1, 1, 10];

    private readonly RidgeSolution solution;

    private VocabularyMap(RidgeSolution solution, MapQuality quality) => (this.solution, Quality) = (solution, quality);

    /// <summary>The quality on tokens that were held out, before the map was fitted to all of them.</summary>
    public MapQuality Quality { get; }

    /// <summary>Fits the map.</summary>
    /// <param name="shared">The rows of the shared tokens.</param>
    public static VocabularyMap Fit(SharedTokens shared)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var (fitted, chosen, held) = Split(shared.From.shape[0]);
        Tensor from = shared.From.index_select(0, fitted),
            to = shared.To.index_select(0, fitted);
        using var products = new RidgeProducts(from, to);
        var ridge = Ridges.MaxBy(strength =>
        {
            using var trial = products.Solve(strength);
            return trial.Cosine(shared, chosen);
        });
        using var partial = products.Solve(ridge);
        var quality = new MapQuality(
            partial.Cosine(shared, held),
            NearestWordCosine(shared, fitted, held),
            (int)held.shape[0]
        );
        using var all = new RidgeProducts(shared.From, shared.To);
        return new VocabularyMap(all.Solve(ridge), quality);
    }

    /// <summary>
    /// Translates rows: the direction is the map's, and the norm is as far from the mean norm of the vocabulary as in
    /// the first model. The map's own norms are too small, as of any regression.
    /// </summary>
    /// <param name="rows">(n, a), the rows for all text encoders of the first model side by side.</param>
    /// <returns>(n, b).</returns>
    public Tensor Apply(Tensor rows)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var mapped = solution.Apply(rows);
        var norms = rows.norm(1, keepdim: true).Times(solution.Scale); // (n, 1)
        return (nn.functional.normalize(mapped, dim: 1) * norms).MoveToOuterDisposeScope();
    }

    public void Dispose() => solution.Dispose();

    /// <summary>The indices of the tokens to fit, to choose by, and to report on.</summary>
    private static (Tensor Fitted, Tensor Chosen, Tensor Held) Split(long count)
    {
        var all = Enumerable.Range(0, (int)count).Select(i => (long)i).ToList();
        var held = all.Where(i => i % Parts == 1).ToArray();
        var stride = Math.Max(1, held.Length / MostReported);
        return (
            tensor(all.Where(i => i % Parts > 1).ToArray()),
            tensor(all.Where(i => i % Parts == 0).ToArray()),
            tensor(held.Where((_, i) => i % stride == 0).ToArray())
        );
    }

    private static double NearestWordCosine(SharedTokens shared, Tensor fitted, Tensor held)
    {
        using var scope = NewDisposeScope();
        var known = nn.functional.normalize(shared.From.index_select(0, fitted), dim: 1); // (f, a)
        var asked = nn.functional.normalize(shared.From.index_select(0, held), dim: 1); // (h, a)
        var nearest = nn.functional.linear(asked, known).argmax(1); // (h)
        var words = shared.To.index_select(0, fitted.index_select(0, nearest)); // (h, b)
        return HostCopy.Scalars([
            nn.functional.cosine_similarity(words, shared.To.index_select(0, held), dim: 1).mean(),
        ])[0];
    }
}
