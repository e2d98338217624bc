using TextualInversion.Cli.Train;
using TextualInversion.Training.Initializers;

namespace TextualInversion.Cli.Check;

/// <summary>Checks how the tokenizer reads the prompts and the initializer.</summary>
internal static class TokenCheck
{
    /// <param name="start">The initial embedding.</param>
    /// <param name="request">The arguments.</param>
    /// <param name="lengths">The lengths of the prompts, or null if they are not known.</param>
    /// <param name="findings">Receives the prompts that are too long.</param>
    public static CheckedTokens Look(
        InitialEmbedding start,
        TrainRequest request,
        PromptLengths? lengths,
        CheckFindings findings
    )
    {
        var isSearched = request.SearchesInitializer;
        foreach (var problem in lengths?.Problems ?? [])
            findings.Warn(CheckSubject.Tokens, problem);
        if (lengths is { ReachesNone: true })
            findings.Refuse(CheckSubject.Tokens, lengths.NothingIsLearned);
        return new CheckedTokens(
            request.Placeholder.Name,
            request.Options.VectorCount,
            isSearched && request.Options.Vectors is null ? TrainOptions.FewestAutoVectors : null,
            start.File ?? (isSearched ? InitialEmbedding.Auto : start.Words.Phrase),
            start.File is null && !isSearched ? start.Words.Pieces : [],
            lengths?.Prompts,
            lengths?.Longest,
            lengths?.Capacity
        );
    }
}
