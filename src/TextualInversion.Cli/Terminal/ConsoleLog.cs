namespace TextualInversion.Cli.Terminal;

/// <summary>Messages on the error stream, next to the result of a command.</summary>
internal sealed class ConsoleLog(TextWriter error, bool quiet)
{
    public TextWriter Error => error;

    public bool Quiet => quiet;

    /// <summary>The same with a name before each line, for work that is done next to other work.</summary>
    public ConsoleLog Of(string name) => new(new PrefixWriter(error, $"{name}: "), quiet);

    /// <summary>Writes information, unless <c>--quiet</c> is given.</summary>
    public void Info(string text)
    {
        if (!quiet)
            error.WriteLine(text);
    }

    /// <summary>Writes a warning. The work continues.</summary>
    public void Warn(string text) => error.WriteLine($"warning: {text}");
}
