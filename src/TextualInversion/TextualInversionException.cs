namespace TextualInversion;

/// <summary>
/// A problem that the user can fix. The message says what is wrong, where, and what to do about it;
/// the command line prints it behind <c>error:</c> without a stack trace.
/// </summary>
public sealed class TextualInversionException : Exception
{
    public TextualInversionException(string message)
        : base(message) { }

    public TextualInversionException(string message, Exception innerException)
        : base(message, innerException) { }
}
