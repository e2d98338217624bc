namespace TextualInversion.Cli.Terminal;

/// <summary>How many columns a terminal has.</summary>
internal static class TerminalWidth
{
    /// <returns>The columns of the terminal that shows <paramref name="output"/>; null for a file, a pipe or other text.</returns>
    public static int? Of(TextWriter output)
    {
        if (output != Console.Out || Console.IsOutputRedirected)
            return null;
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
