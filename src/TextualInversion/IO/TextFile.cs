using System.Text;

namespace TextualInversion.IO;

/// <summary>Reads text files that a user wrote.</summary>
internal static class TextFile
{
    private const int MostBytes = 16 << 20; // far more than a person writes; a device has no end

    private static readonly UTF8Encoding Strict = new(
        encoderShouldEmitUTF8Identifier: false,
        throwOnInvalidBytes: true
    );

    /// <summary>The text of a file in UTF-8, with or without a byte order mark, or in UTF-16 with one.</summary>
    /// <exception cref="TextualInversionException">
    /// The file cannot be read, is too large or in another encoding.
    /// </exception>
    public static string Read(string path)
    {
        try
        {
            using var bytes = ReadBytes(path);
            using var reader = new StreamReader(bytes, Strict, detectEncodingFromByteOrderMarks: true);
            return reader.ReadToEnd();
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

    private static MemoryStream ReadBytes(string path)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read);
        var (bytes, block) = (new MemoryStream(), new byte[1 << 16]);
        while (file.Read(block) is > 0 and var count)
        {
            bytes.Write(block, 0, count);
            if (bytes.Length > MostBytes)
                throw new TextualInversionException($"{path}: is too large for a text; name another file.");
        }

        bytes.Position = 0;
        return bytes;
    }
}
