using System.Text.Json;
using TextualInversion.IO;

namespace TextualInversion.Models.Tokenizers;

/// <summary>Reads the files of a tokenizer and explains errors.</summary>
internal static class TokenizerFile
{
    public static T Parse<T>(string path, Func<JsonElement, T> read)
    {
        try
        {
            using var json = JsonText.Parse(ReadText(path));
            return read(json.RootElement);
        }
        catch (JsonException error)
        {
            throw Malformed(path, error.Message.TrimEnd('.'), error);
        }
    }

    public static string ReadText(string path)
    {
        try
        {
            SpecialFile.Refuse(path);
            return File.ReadAllText(path);
        }
        catch (Exception error) when (IoErrors.IsFileError(error))
        {
            const string Advice =
                "A tokenizer is a folder with vocab.json and merges.txt, or with tokenizer.json; "
                + "take it from the model's page, or name the folder of one.";
            throw IoErrors.IsMissing(error)
                ? IoErrors.Wrap(path, "read", error, note: Advice)
                : IoErrors.Unreadable(path, error);
        }
    }

    public static TextualInversionException Malformed(string path, string why, Exception? inner = null)
    {
        var message = $"{path}: is not a CLIP tokenizer's file: {why}. Download it again.";
        return inner is null ? new TextualInversionException(message) : new TextualInversionException(message, inner);
    }
}
