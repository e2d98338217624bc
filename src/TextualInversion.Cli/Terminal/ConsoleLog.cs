namespace TextualInversion.Cli.Terminal;

/// <summary>What a command says beside its result, on the error stream.</summary>
internal sealed class ConsoleLog(TextWriter error, bool quiet)
{
    public TextWriter Error => error;

    public bool Quiet => quiet;

    /// <summary>Something worth knowing; silent with <c>--quiet</c>.</summary>
    public void Info(string text)
    {
        if (!quiet)
            error.WriteLine(text);
    }

    /// <summary>Something that may be wrong, and does not stop the work.</summary>
    public void Warn(string text) => error.WriteLine($"warning: {text}");
}
