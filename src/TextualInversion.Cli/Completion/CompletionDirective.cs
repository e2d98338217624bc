using System.CommandLine;
using TextualInversion.Cli.Infrastructure;
using TextualInversion.Cli.ModelAccess;
using TextualInversion.Hub;

namespace TextualInversion.Cli.Completion;

/// <summary>
/// What the scripts of <c>ti completion</c> call: <c>ti [complete] "ti train --sam"</c>. It prints the kind of paths
/// that may stand at the cursor, the word at the cursor without quotes, and then a line for each word that may stand
/// there, with a tab before its description. Nothing is loaded for it, and it prints no errors.
/// </summary>
internal static class CompletionDirective
{
    public const string Name = "[complete]";

    /// <param name="root">All commands.</param>
    /// <param name="line">The command line up to the cursor.</param>
    /// <param name="variable">Gives the value of an environment variable, or null if it is not set.</param>
    /// <param name="output">Receives the words.</param>
    public static int Write(RootCommand root, string line, Func<string, string?> variable, TextWriter output)
    {
        var typed = TypedLine.Parse(line);
        var found = new Completer(root, () => Models(variable)).Complete(typed);
        output.WriteLine(found.Paths.ToString().ToLowerInvariant());
        output.WriteLine(typed.Current.ReplaceLineEndings(" "));
        foreach (var word in found.Items)
            output.WriteLine(word.Description.Length == 0 ? word.Text : $"{word.Text}\t{word.Description}");
        return ExitCode.Done;
    }

    private static IReadOnlyList<string> Models(Func<string, string?> variable)
    {
        try
        {
            return new HubCache(HubEnvironment.Resolve(variable).CacheFolder).ModelNames();
        }
        catch (TextualInversionException)
        {
            return []; // the command itself will say what is wrong
        }
    }
}
