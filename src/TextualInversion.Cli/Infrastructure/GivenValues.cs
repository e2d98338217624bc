using System.CommandLine;

namespace TextualInversion.Cli.Infrastructure;

/// <summary>The values of options that the user gave, as opposed to defaults.</summary>
internal static class GivenValues
{
    /// <summary>Whether the user gave the option.</summary>
    public static bool IsGiven(this ParseResult parsed, Option option) =>
        parsed.GetResult(option) is { Implicit: false };

    /// <summary>The option's value if the user gave it, else <paramref name="otherwise"/>.</summary>
    public static T ValueOr<T>(this ParseResult parsed, Option<T> option, T otherwise) =>
        parsed.IsGiven(option) ? parsed.GetValue(option)! : otherwise;
}
