namespace TextualInversion.Cli.Generate;

/// <summary>Short labels for prompts, which often begin and end alike.</summary>
internal static class PromptLabels
{
    private const int MaxLength = 32;

    /// <summary>A label for each prompt: the words that differ, cut where they are long.</summary>
    public static IReadOnlyList<string> Of(IReadOnlyList<string> prompts)
    {
        var words = prompts.Select(prompt => prompt.Split(' ', StringSplitOptions.RemoveEmptyEntries)).ToList();
        var shortest = words.Min(own => own.Length);
        var begin = 0;
        while (begin < shortest && words.TrueForAll(own => own[begin] == words[0][begin]))
            begin++;
        var end = 0;
        while (end < shortest - begin && words.TrueForAll(own => own[^(end + 1)] == words[0][^(end + 1)]))
            end++;
        return [.. words.Select(own => Label(own, begin, end))];
    }

    private static string Label(string[] words, int begin, int end)
    {
        var own = string.Join(' ', words[begin..^end]);
        if (own.Length == 0)
            own = string.Join(' ', words);
        else if (begin > 0)
            own = "… " + own;
        return own.Length <= MaxLength ? own : own[..(MaxLength - 1)] + "…";
    }
}
