using System.Text.RegularExpressions;
using TextualInversion.IO;

namespace TextualInversion.Data;

/// <summary>Descriptions of single images: a text file beside each, <c>1.txt</c> for <c>1.png</c>.</summary>
internal static partial class Captions
{
    /// <summary>Where the caption of an image is looked for.</summary>
    public static string PathBeside(string image) => Path.ChangeExtension(image, ".txt");

    /// <summary>The caption of an image on one line, its line breaks folded to spaces; null where there is none or it is empty.</summary>
    /// <exception cref="TextualInversionException">The caption cannot be read or is not UTF-8.</exception>
    public static string? Read(string image)
    {
        var path = PathBeside(image);
        // An image whose own name ends in .txt is not its caption.
        if (path == image || !File.Exists(path))
            return null;
        var caption = WhiteSpace().Replace(TextFile.Read(path), " ").Trim();
        return caption.Length == 0 ? null : caption;
    }

    /// <summary>
    /// A template, as in <see cref="PromptTemplates"/>, made from a caption. One that holds <c>{}</c> is a template already.
    /// Otherwise the first occurrence of the initializer as whole words, in any case, gives way to <c>{}</c>:
    /// "A cat's toy" and "cat" make "A {}'s toy". Where it does not occur, <c>{}</c> and a comma go in front.
    /// </summary>
    public static string ToTemplate(string caption, string initializer)
    {
        if (caption.Contains(PromptTemplates.Slot, StringComparison.Ordinal))
            return caption;
        var words = initializer.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
        if (words.Length > 0)
        {
            var phrase = $@"(?<!\w){string.Join(@"\s+", words.Select(Regex.Escape))}(?!\w)";
            var match = Regex.Match(caption, phrase, RegexOptions.IgnoreCase | RegexOptions.CultureInvariant);
            if (match.Success)
                return $"{caption[..match.Index]}{PromptTemplates.Slot}{caption[(match.Index + match.Length)..]}";
        }

        return $"{PromptTemplates.Slot}, {caption}";
    }

    [GeneratedRegex(@"\s+")]
    private static partial Regex WhiteSpace();
}
