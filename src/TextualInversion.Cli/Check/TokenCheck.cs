using TextualInversion.Cli.Train;
using TextualInversion.Models;
using TextualInversion.Models.Tokenizers;
using TextualInversion.Training.Initializers;

namespace TextualInversion.Cli.Check;

/// <summary>Looks at how the words of a training are read.</summary>
internal static class TokenCheck
{
    private const int MostNamed = 5;

    /// <param name="start">what is started from</param>
    /// <param name="request">what was asked</param>
    /// <param name="setup">with the prompts; null where it could not be made</param>
    /// <param name="network">that reads them</param>
    /// <param name="findings">to which prompts that are too long are added</param>
    public static CheckedTokens Look(
        InitialEmbedding start,
        TrainRequest request,
        TrainSetup? setup,
        IDiffusionModel network,
        List<CheckFinding> findings
    )
    {
        var isSearched = request.Initializer == TrainRequest.Auto;
        var initializer = start.File ?? (isSearched ? TrainRequest.Auto : start.Words.Phrase);
        IReadOnlyList<string> pieces = start.File is null && !isSearched ? start.Words.Pieces : [];
        if (setup is null)
            return new CheckedTokens(
                request.Placeholder.Name,
                request.Options.Vectors,
                initializer,
                pieces,
                null,
                null,
                null
            );
        var tokenizer = new PromptTokenizers(network.Tokenizers, [request.Placeholder]).First;
        var prompts = setup
            .Prompts.All(request.Placeholder)
            .Select(prompt => (Text: prompt, Tokens: tokenizer.Tokenize(prompt)))
            .ToList();
        var without = prompts.Where(prompt => prompt.Tokens.Placeholders.Count == 0).ToList();
        foreach (var (text, tokens) in prompts.Where(prompt => prompt.Tokens.Truncated is not null).Take(MostNamed))
        {
            var lost = tokens.Placeholders.Count == 0 ? ", and with it the placeholder, so it teaches nothing" : "";
            findings.Add(
                new CheckFinding(
                    Severity.Warning,
                    CheckSubject.Tokens,
                    $"\"{text}\" is {tokens.Truncated!.Count} tokens too long; \"{tokens.Truncated.Text}\" is cut off{lost}. Shorten it."
                )
            );
        }

        if (without.Count == prompts.Count)
            findings.Add(
                new CheckFinding(
                    Severity.Error,
                    CheckSubject.Tokens,
                    $"{request.Placeholder.Name} is cut off in every prompt, so nothing can be learned; put it further to the front."
                )
            );
        return new CheckedTokens(
            request.Placeholder.Name,
            request.Options.Vectors,
            initializer,
            pieces,
            prompts.Count,
            prompts.Max(prompt => prompt.Tokens.EndOfTextPosition - 1 + (prompt.Tokens.Truncated?.Count ?? 0)),
            tokenizer.Capacity
        );
    }
}
