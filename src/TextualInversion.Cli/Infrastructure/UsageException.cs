namespace TextualInversion.Cli.Infrastructure;

/// <summary>
/// A value of an option that is not allowed, found after the command line was parsed. The message begins with the
/// option.
/// The program ends with <see cref="ExitCode.WrongUsage"/>.
/// </summary>
internal sealed class UsageException : Exception
{
    public UsageException(string message)
        : base(message) { }

    public UsageException(string message, Exception innerException)
        : base(message, innerException) { }
}
