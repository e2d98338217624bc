using System.CommandLine;
using System.Globalization;
using TextualInversion.Cli.Html;
using TextualInversion.Cli.Infrastructure;
using TextualInversion.Data;
using TextualInversion.Embeddings;

namespace TextualInversion.Cli.EmbeddingFiles;

/// <summary>
/// The options for metadata by which other programs show a file. <c>ti train</c> writes neither, so that the same
/// training gives the same bytes.
/// </summary>
internal sealed class ShownMetadataOptions
{
    private const int ThumbnailPixels = 256;
    private const string DateForm = "yyyy-MM-dd",
        Today = "today";

    private readonly PathOption thumbnail = new("--thumbnail")
    {
        HelpName = "IMAGE",
        Description =
            $"An image that programs show for the file: written into it as a JPEG of at most {ThumbnailPixels} pixels "
            + "(modelspec.thumbnail). Needs a safetensors file. Default: as in the given file.",
    };
    private readonly OneWordOption date = new("--date")
    {
        HelpName = "DATE",
        Description =
            "The date that programs show for the file, such as 2026-11-30, or today (modelspec.date). Needs a "
            + "safetensors file. Default: as in the given file.",
    };

    public Option[] All => [thumbnail, date];

    /// <summary>The embedding with these metadata.</summary>
    /// <param name="parsed">The arguments.</param>
    /// <param name="embedding">The embedding.</param>
    /// <param name="path">The file to write.</param>
    /// <exception cref="TextualInversionException">
    /// The image cannot be read, the date is none, or the file cannot hold metadata.
    /// </exception>
    public LearnedEmbedding AddTo(ParseResult parsed, LearnedEmbedding embedding, string path)
    {
        var (image, day) = (parsed.GetValue(thumbnail), parsed.GetValue(date));
        if (image is null && day is null)
            return embedding;
        if (!Path.GetExtension(path).Equals(".safetensors", StringComparison.OrdinalIgnoreCase))
            throw new UsageException(
                $"{(image is null ? date.Name : thumbnail.Name)}: {path} cannot hold it; write a .safetensors file."
            );
        var metadata = new Dictionary<string, string>(embedding.Provenance);
        if (image is not null)
            metadata[ModelSpec.Prefix + "thumbnail"] = Thumbnail.DataUri(ImageDecoder.Decode(image), ThumbnailPixels);
        if (day is not null)
            metadata[ModelSpec.Prefix + "date"] = Day(day);
        return embedding with { Provenance = metadata };
    }

    private string Day(string text)
    {
        if (text.Equals(Today, StringComparison.OrdinalIgnoreCase))
            return DateTime.UtcNow.ToString(DateForm, CultureInfo.InvariantCulture);
        return DateOnly.TryParseExact(text, DateForm, CultureInfo.InvariantCulture, DateTimeStyles.None, out _)
            ? text
            : throw new UsageException($"{date.Name} {text}: write a date such as 2026-11-30, or today.");
    }
}
