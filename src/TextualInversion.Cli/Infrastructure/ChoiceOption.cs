using System.CommandLine;
using System.CommandLine.Parsing;

namespace TextualInversion.Cli.Infrastructure;

/// <summary>An option that takes the name of one of an enum's values, in letters of any case.</summary>
internal sealed class ChoiceOption<T> : Option<T>
    where T : struct, Enum
{
    public ChoiceOption(string name)
        : base(name)
    {
        HelpName = string.Join('|', Choices.Names<T>());
        CustomParser = result => Choices.Read<T>(result, Name) ?? default;
    }
}

/// <summary>The same, null if it is not given.</summary>
internal sealed class OptionalChoiceOption<T> : Option<T?>
    where T : struct, Enum
{
    public OptionalChoiceOption(string name)
        : base(name)
    {
        HelpName = string.Join('|', Choices.Names<T>());
        CustomParser = result => Choices.Read<T>(result, Name);
    }
}

/// <summary>An option that takes one of some words, in letters of any case; null if it is not given.</summary>
internal sealed class WordOption : Option<string?>
{
    /// <param name="name">The name of the option.</param>
    /// <param name="words">The words that it takes.</param>
    public WordOption(string name, params IReadOnlyList<string> words)
        : base(name)
    {
        HelpName = string.Join('|', words);
        CustomParser = result => Choices.Read(result, Name, words);
    }
}

/// <summary>The names of an enum's values as the command line shows and takes them, such as <c>fp32</c>.</summary>
internal static class Choices
{
    public static IReadOnlyList<string> Names<T>()
        where T : struct, Enum => [.. Enum.GetNames<T>().Select(name => name.ToLowerInvariant())];

    /// <returns>The value; null after an error, which is added to the result.</returns>
    public static T? Read<T>(ArgumentResult result, string option)
        where T : struct, Enum
    {
        var names = Names<T>();
        return Read(result, option, names) is { } name ? Enum.GetValues<T>()[names.ToList().IndexOf(name)] : null;
    }

    /// <inheritdoc cref="Read{T}(ArgumentResult, string)"/>
    public static string? Read(ArgumentResult result, string option, IReadOnlyList<string> words)
    {
        if (result.Tokens is not [{ Value: var text }])
            return null;
        var word = words.FirstOrDefault(word => word.Equals(text, StringComparison.OrdinalIgnoreCase));
        if (word is null)
            result.AddError($"{option} {text}: choose {List(words)}.");
        return word;
    }

    private static string List(IReadOnlyList<string> words) =>
        words.Count == 1 ? words[0] : $"{string.Join(", ", words.SkipLast(1))} or {words[^1]}";
}
