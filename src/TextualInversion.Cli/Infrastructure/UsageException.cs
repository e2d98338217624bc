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

    /// <summary>Reads the value of an option. What the library says of it is preceded by the option's name.</summary>
    /// <exception cref="UsageException">The value cannot be used.</exception>
    public static T Read<T>(string option, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (TextualInversionException problem)
        {
            throw new UsageException($"{option}: {problem.Message}", problem);
        }
    }
}
