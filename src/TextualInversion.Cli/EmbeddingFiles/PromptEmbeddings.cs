using TextualInversion.Embeddings;
using TextualInversion.Generation;
using TextualInversion.Models.Tokenizers;

namespace TextualInversion.Cli.EmbeddingFiles;

/// <summary>
/// The embeddings of a set that prompts call and that fit a model, and which text of a prompt stands for which of them.
/// </summary>
internal sealed class PromptEmbeddings
{
    private readonly EmbeddingSet set;
    private readonly EmbeddingMatcher matcher;
    private readonly IReadOnlyList<long> widths;
    private readonly List<int> chosen; // indices in the set, in the order of the placeholders

    /// <param name="set">All embeddings that may be called.</param>
    /// <param name="texts">Prompts and negative prompts.</param>
    /// <param name="widths">The width of each of the model's text encoders.</param>
    /// <param name="warn">Receives what is ambiguous, does not fit or is not called.</param>
    /// <exception cref="TextualInversionException">
    /// An embedding is called by a name of its own, and does not fit the model.
    /// </exception>
    public PromptEmbeddings(
        EmbeddingSet set,
        IReadOnlyList<string> texts,
        IReadOnlyList<long> widths,
        Action<string> warn
    )
    {
        (this.set, this.widths) = (set, widths);
        matcher = new EmbeddingMatcher(set.Names);
        var matches = texts
            .SelectMany(matcher.Find)
            .Where(match => match.Candidates.Count > 0)
            .DistinctBy(match => match.Text)
            .ToList();
        chosen = [.. matches.Select(match => Choose(match, warn)).OfType<int>().Distinct().Order()];
        foreach (var index in Enumerable.Range(0, set.Embeddings.Count).Where(set.IsNamed).Except(chosen))
            warn($"no prompt calls {set.Names[index].Display} ({set.Arguments[index].Path}), so it has no effect.");
        Set = set.Select(chosen);
        Triggers = [.. chosen.Select(index => TextFor(index, matches))];
    }

    /// <summary>The embeddings. The set that they were chosen from disposes of them.</summary>
    public EmbeddingSet Set { get; }

    /// <summary>The name by which a prompt calls each embedding.</summary>
    public IReadOnlyList<string> Triggers { get; }

    /// <summary>The texts that call an embedding which is not there, each once.</summary>
    public static IReadOnlyList<string> Unanswered(EmbeddingSet set, IReadOnlyList<string> texts)
    {
        var matcher = new EmbeddingMatcher(set.Names);
        return
        [
            .. texts
                .SelectMany(matcher.Find)
                .Where(match => match.Candidates.Count == 0)
                .Select(match => match.Text)
                .Distinct(),
        ];
    }

    /// <summary>
    /// The model that the first embedding which prompts call and which records one was trained on. Null where none
    /// does.
    /// </summary>
    public static string? BaseModel(EmbeddingSet set, IReadOnlyList<string> texts)
    {
        var matcher = new EmbeddingMatcher(set.Names);
        return texts
            .SelectMany(matcher.Find)
            .SelectMany(match => match.Candidates)
            .Select(candidate => EmbeddingProvenance.FromMetadata(set.Embeddings[candidate.Index].Provenance).BaseModel)
            .FirstOrDefault(model => model is not null);
    }

    /// <summary>The prompt with a placeholder in the place of each text that calls an embedding.</summary>
    public string Resolve(string prompt) =>
        matcher.Replace(
            prompt,
            match =>
                Choose(match, _ => { }) is not { } index ? match.Text
                : match.Weight is { } weight ? $"({Name(chosen.IndexOf(index))}:{weight})"
                : Name(chosen.IndexOf(index))
        );

    /// <summary>
    /// The placeholders that <see cref="Resolve"/> writes, for these embeddings or others in their places.
    /// </summary>
    /// <param name="embeddings">The embeddings, in the order of <see cref="Set"/>.</param>
    /// <param name="capacity">The tokens that a text encoder takes at once.</param>
    /// <exception cref="TextualInversionException">An embedding does not fit the model.</exception>
    public List<Placeholder> Placeholders(IReadOnlyList<LearnedEmbedding> embeddings, int capacity)
    {
        foreach (var embedding in embeddings)
        {
            EmbeddingSet.RequireWidths(embedding, widths);
            if (embedding.Vectors > capacity)
                throw new TextualInversionException(
                    $"{embedding.Trigger}: has {embedding.Vectors} vectors, and a prompt has room for {capacity}."
                );
        }

        return [.. embeddings.Select((embedding, i) => Placeholder.Parse(Name(i), embedding.Vectors))];
    }

    /// <summary>Private-use characters, which nobody types and no vocabulary holds.</summary>
    private static string Name(int number) => $"\uE000{number}\uE001";

    private int? Choose(EmbeddingMatch match, Action<string> warn)
    {
        if (match.Candidates.Count == 0)
            return null;
        var fitting = match.Candidates.Where(candidate => Fits(candidate.Index)).ToList();
        if (fitting.Count > 0)
        {
            WarnOfOthers(match.Text, fitting, warn);
            return fitting[0].Index;
        }

        var first = match.Candidates[0].Index;
        var isCalledByName = EmbeddingNames.IsReference(match.Text) || set.IsNamed(first);
        if (isCalledByName)
            EmbeddingSet.RequireWidths(set.Embeddings[first], widths);
        warn($"{set.Arguments[first].Path}: is for another kind of model, so {match.Text} is taken as text.");
        return null;
    }

    private void WarnOfOthers(string text, List<EmbeddingCandidate> fitting, Action<string> warn)
    {
        var first = fitting[0];
        var others = fitting
            .Skip(1)
            .Where(other => other.IsExact == first.IsExact && other.Origin == first.Origin)
            .Where(other => !HasSameRows(first.Index, other.Index))
            .Select(other => set.Arguments[other.Index].Path)
            .ToList();
        if (others.Count > 0)
            warn(
                $"{text} is {set.Arguments[first.Index].Path}, though {string.Join(", ", others)} "
                    + $"{(others.Count == 1 ? "has" : "have")} that name too; call it by its file's name, or choose "
                    + "with --embedding."
            );
    }

    private bool Fits(int index) => set.Embeddings[index].Widths.SequenceEqual(widths);

    private bool HasSameRows(int one, int other) =>
        set.Embeddings[one]
            .Rows.Zip(set.Embeddings[other].Rows)
            .All(pair => pair.First.data<float>().ToArray().SequenceEqual(pair.Second.data<float>().ToArray()));

    private static string TextFor(int index, List<EmbeddingMatch> matches) =>
        matches.First(match => match.Candidates.Any(candidate => candidate.Index == index)).Text;
}
