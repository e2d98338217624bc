namespace TextualInversion.IO;

/// <summary>
/// Errors of the file system, and their messages for the user. Advice is given only where the cause is certain.
/// </summary>
internal static class IoErrors
{
    private const int NoSpaceOnUnix = 28; // ENOSPC, on Linux and macOS
    private const int DiskFullOnWindows = unchecked((int)0x80070070);
    private const int HandleDiskFullOnWindows = unchecked((int)0x80070027);

    /// <summary>Whether an exception is an error of the file system. Programs with a bug throw others.</summary>
    public static bool IsFileError(Exception error) =>
        error is IOException or UnauthorizedAccessException || IsTooLarge(error);

    /// <summary>
    /// Whether a file exceeds the limit of its file system or of the process (EFBIG), which .NET reports as an argument
    /// that is out of range.
    /// </summary>
    private static bool IsTooLarge(Exception error) =>
        error is ArgumentOutOfRangeException { ActualValue: null }
        && error.Message.StartsWith("Specified file length was too large", StringComparison.Ordinal);

    /// <summary>Whether the file or one of the folders above it does not exist.</summary>
    public static bool IsMissing(Exception error) => error is FileNotFoundException or DirectoryNotFoundException;

    /// <summary>
    /// Whether another process holds the file: EWOULDBLOCK of Linux and macOS, and Windows' sharing violation. .NET has
    /// no exception for it.
    /// </summary>
    public static bool IsHeld(Exception error) =>
        error is IOException && error.HResult is 11 or 35 or unchecked((int)0x80070020);

    /// <summary>The message for a file that cannot be read. It says so if the path is a folder.</summary>
    public static TextualInversionException Unreadable(string path, Exception error) =>
        Directory.Exists(path)
            ? new TextualInversionException($"{path}: cannot be read (it is a folder, not a file).", error)
            : Wrap(path, "read", error);

    /// <summary>
    /// The message for an action that failed: the path, the action, the cause, and what to do about it.
    /// </summary>
    /// <param name="path">The file or folder.</param>
    /// <param name="action">What cannot be done, such as <c>written</c>.</param>
    /// <param name="error">The error of the file system.</param>
    /// <param name="hint">What helps whatever the cause is, such as <c>choose another place</c>, or null.</param>
    /// <param name="note">A sentence to end with, or null.</param>
    public static TextualInversionException Wrap(
        string path,
        string action,
        Exception error,
        string? hint = null,
        string? note = null
    )
    {
        string?[] choices = [Advice(error), hint];
        var advice = string.Join(" or ", choices.OfType<string>());
        var message = $"{path}: cannot be {action} ({Reason(error)}){(advice.Length > 0 ? "; " : "")}{advice}.";
        return new TextualInversionException(note is null ? message : $"{message} {note}", error);
    }

    /// <summary>
    /// The cause in words. The system's message may end with a path, such as that of a temporary file; it is left out.
    /// </summary>
    public static string Reason(Exception error) =>
        error switch
        {
            UnauthorizedAccessException => "permission denied",
            FileNotFoundException => "there is no such file",
            DirectoryNotFoundException => "there is no such folder",
            _ when IsTooLarge(error) => "the file would be larger than is allowed there",
            _ when IsHeld(error) => "another program has it open",
            _ => error.Message.Split(" : '")[0].TrimEnd('.'),
        };

    private static string? Advice(Exception error) =>
        error switch
        {
            UnauthorizedAccessException => "check the permissions",
            { HResult: NoSpaceOnUnix or DiskFullOnWindows or HandleDiskFullOnWindows } => "free some space",
            _ => null,
        };
}
