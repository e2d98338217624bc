using TextualInversion.Cli.EmbeddingFiles;
using TextualInversion.Cli.Infrastructure;
using TextualInversion.Evaluation;
using TextualInversion.Models;
using TextualInversion.Models.Tokenizers;

namespace TextualInversion.Cli.Eval;

/// <summary>The embeddings to compare, read from their files.</summary>
internal sealed class EvalCandidates : IDisposable
{
    private readonly IReadOnlyList<string> names;
    private readonly List<EmbeddingSet> sets; // one embedding each

    /// <param name="names">The files as they were typed.</param>
    /// <exception cref="TextualInversionException">A file cannot be read.</exception>
    public EvalCandidates(IReadOnlyList<string> names)
    {
        this.names = names;
        sets = [.. names.Select(name => EmbeddingSet.Load([EmbeddingArgument.Parse(name)]))];
    }

    /// <summary>What the files record.</summary>
    public IReadOnlyList<EmbeddingProvenance> Provenances =>
        [.. sets.SelectMany(set => set.Embeddings).Select(each => EmbeddingProvenance.FromMetadata(each.Provenance))];

    /// <summary>
    /// The model that the first embedding that records one was trained on; null if no embedding does.
    /// </summary>
    public string? BaseModel =>
        Provenances.Select(provenance => provenance.BaseModel).OfType<string>().FirstOrDefault();

    /// <summary>The embeddings as a model takes them. They live as long as the dispose scope.</summary>
    /// <exception cref="TextualInversionException">
    /// One does not fit the model, or its token is in the vocabulary.
    /// </exception>
    public IReadOnlyList<Candidate> For(IDiffusionModel model)
    {
        var widths = model.Vocabularies.Select(vocabulary => vocabulary.shape[1]).ToList();
        Candidate Make(string name, EmbeddingSet set) =>
            new(JsonOutput.Relative(name), set.Embeddings[0].Trigger, set.Placeholders(widths), set.Rows(model));
        var candidates = names.Zip(sets, Make).ToList();
        foreach (var candidate in candidates)
            _ = new PromptTokenizers(model.Tokenizers, candidate.Placeholders); // refuses tokens of the vocabulary
        return candidates;
    }

    public void Dispose()
    {
        foreach (var set in sets)
            set.Dispose();
    }
}
