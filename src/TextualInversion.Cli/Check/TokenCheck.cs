using TextualInversion.Cli.Train;
using TextualInversion.Training.Initializers;

namespace TextualInversion.Cli.Check;

/// <summary>Checks how the words of a training are read.</summary>
internal static class TokenCheck
{
    /// <param name="start">The initial embedding.</param>
    /// <param name="request">What was asked.</param>
    /// <param name="lengths">The lengths of the prompts, or null if they are not known.</param>
    /// <param name="findings">Receives the prompts that are too long.</param>
    public static CheckedTokens Look(
        InitialEmbedding start,
        TrainRequest request,
        PromptLengths? lengths,
        List<CheckFinding> findings
    )
    {
        var isSearched = request.Initializer == TrainRequest.Auto;
        foreach (var problem in lengths?.Problems ?? [])
            findings.Add(new CheckFinding(Severity.Warning, CheckSubject.Tokens, problem));
        if (lengths is { ReachesNone: true })
            findings.Add(new CheckFinding(Severity.Error, CheckSubject.Tokens, lengths.NothingIsLearned));
        return new CheckedTokens(
            request.Placeholder.Name,
            request.Options.Vectors,
            start.File ?? (isSearched ? TrainRequest.Auto : start.Words.Phrase),
            start.File is null && !isSearched ? start.Words.Pieces : [],
            lengths?.Prompts,
            lengths?.Longest,
            lengths?.Capacity
        );
    }
}
