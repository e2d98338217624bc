namespace TextualInversion.Cli.Terminal;

/// <summary>How many columns a terminal has.</summary>
internal static class TerminalWidth
{
    /// <summary>The columns to assume of what is not a terminal, for text that must be wrapped.</summary>
    public const int Assumed = 80;

    /// <returns>
    /// The columns of the terminal that shows <paramref name="output"/>; null for a file, a pipe or other text.
    /// </returns>
    public static int? Of(TextWriter output) =>
        output == Console.Out && !Console.IsOutputRedirected ? OfConsole() : null;

    /// <returns>
    /// The columns of the terminal that shows errors and progress; null if it is not a terminal, or a dumb one.
    /// </returns>
    public static int? OfError() =>
        Console.IsErrorRedirected || Environment.GetEnvironmentVariable("TERM") == "dumb" ? null : OfConsole();

    private static int? OfConsole()
    {
        try
        {
            return Console.WindowWidth > 0 ? Console.WindowWidth : null;
        }
        catch (IOException)
        {
            return null; // a terminal that does not say
        }
    }
}
