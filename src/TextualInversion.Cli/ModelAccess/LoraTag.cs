using System.Text.RegularExpressions;
using TextualInversion.Cli.Infrastructure;

namespace TextualInversion.Cli.ModelAccess;

/// <summary>
/// A LoRA in a prompt, as the WebUI writes it: <c>&lt;lora:name:0.8&gt;</c>, with a second number for the U-Net alone,
/// or with names, <c>&lt;lora:name:te=0.5:unet=1&gt;</c>.
/// </summary>
/// <param name="Text">The whole text.</param>
/// <param name="Name">The name of the file, see <see cref="LoraFolder"/>.</param>
/// <param name="Strength">The strength in the U-Net.</param>
/// <param name="TextStrength">The strength in the text encoders.</param>
internal sealed partial record LoraTag(string Text, string Name, double Strength, double TextStrength)
{
    /// <summary>The tags of a prompt, in order.</summary>
    /// <exception cref="TextualInversionException">A strength is not a number.</exception>
    public static IReadOnlyList<LoraTag> Find(string prompt) =>
        [.. Pattern().Matches(prompt).Select(match => Parse(match.Value, match.Groups["inside"].Value))];

    /// <summary>The prompt without its tags, which are not part of the text.</summary>
    public static string Remove(string prompt) => Pattern().Replace(prompt, "");

    /// <summary>The file, or null if there is none of that name.</summary>
    public Lora? Resolve() =>
        LoraFolder.Find(Name) is { } path ? new Lora(path, Strength) { TextStrength = TextStrength } : null;

    private static LoraTag Parse(string text, string inside)
    {
        var parts = inside.Split(':');
        double? unet = null,
            encoder = null;
        foreach (var part in parts.Skip(1).Select(part => part.Trim()))
        {
            if (part.StartsWith("te=", StringComparison.OrdinalIgnoreCase))
                encoder = Number(text, part["te=".Length..]);
            else if (part.StartsWith("unet=", StringComparison.OrdinalIgnoreCase))
                unet = Number(text, part["unet=".Length..]);
            else if (encoder is null)
                encoder = Number(text, part);
            else
                unet = Number(text, part);
        }

        return new LoraTag(text, parts[0].Trim(), unet ?? encoder ?? 1, encoder ?? 1);
    }

    private static double Number(string tag, string text) =>
        Numbers.TryParse<double>(text, out var number, out var problem)
            ? number
            : throw new TextualInversionException($"{tag}: the strength is {text}; {problem}.");

    [GeneratedRegex(@"<(?:lora|lyco|locon):(?<inside>[^<>\n]*)>", RegexOptions.IgnoreCase)]
    private static partial Regex Pattern();
}
