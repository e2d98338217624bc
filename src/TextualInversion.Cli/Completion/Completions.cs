namespace TextualInversion.Cli.Completion;

/// <summary>What may stand at the cursor.</summary>
/// <param name="Paths">Which paths may, which the shell itself finds.</param>
/// <param name="Items">The words that may.</param>
internal sealed record Completions(PathKind Paths, IReadOnlyList<CompletedWord> Items)
{
    public static Completions None { get; } = new(PathKind.None, []);
}

/// <param name="Text">The whole word, without quotes.</param>
/// <param name="Description">What it does, in a few words; empty if there is nothing to say.</param>
internal sealed record CompletedWord(string Text, string Description);

internal enum PathKind
{
    None,
    Files,
    Folders,
}
