using System.Text.RegularExpressions;
using TextualInversion.IO;

namespace TextualInversion.Data;

/// <summary>
/// Captions of images: a text file next to each image, <c>1.txt</c> or <c>1.caption</c> for <c>1.png</c>.
/// </summary>
internal static partial class Captions
{
    // The second is the default of kohya's scripts (https://github.com/kohya-ss/sd-scripts).
    private static readonly string[] Extensions = [".txt", ".caption"];

    /// <summary>The caption file of an image, whether it exists or not.</summary>
    public static string PathFor(string image) =>
        Extensions.Select(extension => Path.ChangeExtension(image, extension)).FirstOrDefault(File.Exists)
        ?? Path.ChangeExtension(image, Extensions[0]);

    /// <summary>
    /// The caption of an image on one line, its line breaks replaced by spaces; null if it has none or it is empty.
    /// </summary>
    /// <exception cref="TextualInversionException">The caption cannot be read or is not text in UTF-8.</exception>
    public static string? Read(string image)
    {
        var path = PathFor(image);
        // An image whose own name ends in .txt is not its caption.
        if (path == image || !File.Exists(path))
            return null;
        SpecialFile.Refuse(path);
        var text = TextFile.Read(path);
        if (FindForeignCharacter(text) is { } character)
        {
            throw new TextualInversionException(
                $"{path}: holds the character U+{(int)character:X4}, so it is not UTF-8 text or was converted wrongly; "
                    + "save it as UTF-8."
            );
        }

        var caption = WhiteSpace().Replace(text, " ").Trim();
        return caption.Length == 0 ? null : caption;
    }

    /// <summary>
    /// A tag for the WebUI's extra networks, such as <c>&lt;lora:name:1&gt;</c>, or null if a caption has none.
    /// </summary>
    public static string? FindExtraNetwork(string caption) =>
        ExtraNetwork().Match(caption) is { Success: true } match ? match.Value : null;

    /// <summary>
    /// Why a file that looks like the caption of one of the images is not used, or null if it does not look like a
    /// caption.
    /// </summary>
    /// <param name="file">A file that is not the caption of an image.</param>
    /// <param name="images">The images in the same folder.</param>
    public static string? WhyPassedOver(string file, IEnumerable<string> images)
    {
        var isText = Extensions.Contains(Path.GetExtension(file), StringComparer.OrdinalIgnoreCase);
        var stem = Path.ChangeExtension(file, null);
        if (!isText || images.FirstOrDefault(image => image == stem || IsNamed(image, stem)) is not { } image)
            return null;
        var caption = PathFor(image);
        var (name, read) = (Path.GetFileName(image), Path.GetFileName(caption));
        return File.Exists(caption)
            ? $"is not read, since {read} is the caption of {name}"
            : $"is not read; name it {read} if it is the caption of {name}";

        static bool IsNamed(string image, string stem) =>
            Path.ChangeExtension(image, null).Equals(stem, StringComparison.OrdinalIgnoreCase);
    }

    /// <summary>
    /// A template, as in <see cref="PromptTemplates"/>, made from a caption. A caption may contain <c>{}</c>, the
    /// WebUI's <c>[name]</c> or, as in kohya's scripts, the placeholder token itself, which says where the placeholder
    /// token belongs. Otherwise <c>{}</c> replaces the first occurrence of the initializer as whole words, in any case:
    /// "A cat's toy" and "cat" make "A {}'s toy". If it does not occur, <c>{}</c> and a comma go in front.
    /// </summary>
    /// <param name="caption">The caption.</param>
    /// <param name="token">The placeholder token, such as <c>&lt;my-cat&gt;</c>.</param>
    /// <param name="initializer">The words that training starts from.</param>
    public static string ToTemplate(string caption, string token, string initializer)
    {
        caption = PromptTemplates.WithSlots(caption);
        foreach (var name in NamesOf(token))
        {
            caption = Regex.Replace(
                caption,
                WholeName(name),
                PromptTemplates.Slot,
                RegexOptions.IgnoreCase | RegexOptions.CultureInvariant
            );
        }

        if (caption.Contains(PromptTemplates.Slot, StringComparison.Ordinal))
            return caption;
        var words = initializer.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
        if (words.Length > 0)
        {
            var phrase = $@"(?<![\w-]){string.Join(@"\s+", words.Select(Regex.Escape))}(?![\w-])";
            var match = Regex.Match(caption, phrase, RegexOptions.IgnoreCase | RegexOptions.CultureInvariant);
            if (match.Success)
                return $"{caption[..match.Index]}{PromptTemplates.Slot}{caption[(match.Index + match.Length)..]}";
        }

        return $"{PromptTemplates.Slot}, {caption}";
    }

    /// <summary>
    /// A caption that names words that are learned together: each placeholder token that it contains in one of its
    /// forms is written out. "a my-cat in <c>&lt;my-hat&gt;</c>" becomes "a <c>&lt;my-cat&gt;</c> in
    /// <c>&lt;my-hat&gt;</c>".
    /// </summary>
    /// <param name="caption">The caption.</param>
    /// <param name="tokens">The placeholder tokens.</param>
    /// <returns>The caption with tokens, and the tokens that it names.</returns>
    public static (string Text, IReadOnlySet<string> Tokens) WithTokens(string caption, IEnumerable<string> tokens)
    {
        var forms = tokens
            .SelectMany(token => NamesOf(token).Select(name => (Name: name, Token: token)))
            .OrderByDescending(form => form.Name.Length) // a token may contain another one
            .ToList();
        var named = new HashSet<string>();
        var text = Regex.Replace(
            caption,
            string.Join('|', forms.Select(form => WholeName(form.Name))),
            match =>
            {
                var token = forms
                    .First(form => form.Name.Equals(match.Value, StringComparison.OrdinalIgnoreCase))
                    .Token;
                named.Add(token);
                return token;
            },
            RegexOptions.IgnoreCase | RegexOptions.CultureInvariant
        );
        return (text, named);
    }

    /// <summary>
    /// The token in the forms that captions may contain: <c>&lt;my-cat&gt;</c> and <c>my-cat</c>, but not <c>cat</c>
    /// for <c>&lt;cat&gt;</c>, which is an ordinary word.
    /// </summary>
    private static IEnumerable<string> NamesOf(string token)
    {
        yield return token;
        if (token is ['<', .. var bare, '>'] && !bare.All(char.IsLetter))
            yield return bare;
    }

    /// <summary>The pattern of a name that is not a part of a longer word.</summary>
    private static string WholeName(string name)
    {
        var escaped = Regex.Escape(name);
        return name[0] == '<' ? escaped : $@"(?<![\w-]){escaped}(?![\w-])";
    }

    /// <summary>
    /// A character that does not belong in a caption: a control character, which results from misreading UTF-16 and
    /// some code pages, or the replacement character of a failed conversion. Null if there is none.
    /// </summary>
    private static char? FindForeignCharacter(string text)
    {
        const char Replacement = '\uFFFD';
        foreach (var character in text)
        {
            if (character == Replacement || (char.IsControl(character) && !char.IsWhiteSpace(character)))
                return character;
        }

        return null;
    }

    [GeneratedRegex(@"\s+")]
    private static partial Regex WhiteSpace();

    [GeneratedRegex(@"<(lora|lyco|hypernet):[^<>]*>", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex ExtraNetwork();
}
