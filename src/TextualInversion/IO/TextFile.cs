using System.Text;

namespace TextualInversion.IO;

/// <summary>Reads text files that a user wrote.</summary>
internal static class TextFile
{
    private static readonly UTF8Encoding Strict = new(
        encoderShouldEmitUTF8Identifier: false,
        throwOnInvalidBytes: true
    );

    /// <summary>The text of a file in UTF-8, with or without a byte order mark, or in UTF-16 with one.</summary>
    /// <exception cref="TextualInversionException">The file cannot be read or is in another encoding.</exception>
    public static string Read(string path)
    {
        try
        {
            return File.ReadAllText(path, Strict);
        }
        catch (DecoderFallbackException error)
        {
            throw new TextualInversionException($"{path}: is not UTF-8 text; save it as UTF-8.", error);
        }
        catch (Exception error) when (IoErrors.IsFileError(error))
        {
            throw IoErrors.Unreadable(path, error);
        }
    }
}
