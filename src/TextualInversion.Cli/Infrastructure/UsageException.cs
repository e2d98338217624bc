namespace TextualInversion.Cli.Infrastructure;

/// <summary>
/// Options that are wrong or contradict each other, found after the command line was parsed. The message names the
/// option. The program ends with <see cref="ExitCode.WrongUsage"/>.
/// </summary>
internal sealed class UsageException : Exception
{
    public UsageException(string message)
        : base(message) { }

    public UsageException(string message, Exception innerException)
        : base(message, innerException) { }
}
