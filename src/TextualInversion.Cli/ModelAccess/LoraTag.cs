using System.Text.RegularExpressions;
using TextualInversion.Cli.Infrastructure;

namespace TextualInversion.Cli.ModelAccess;

/// <summary>
/// A LoRA in a prompt, as the WebUI writes it: <c>&lt;lora:name:0.8&gt;</c>, with a second number for the U-Net alone,
/// so that the first is for the text encoders, or with names, <c>&lt;lora:name:te=0.5:unet=1&gt;</c>.
/// </summary>
/// <param name="Text">The whole text.</param>
/// <param name="Name">The name of the file, see <see cref="LoraFolder"/>.</param>
/// <param name="Strength">The strength in the U-Net.</param>
/// <param name="TextStrength">The strength in the text encoders.</param>
internal sealed partial record LoraTag(string Text, string Name, double Strength, double TextStrength)
{
    private const int MostNumbers = 2;

    /// <summary>The tags of a prompt, in order.</summary>
    /// <exception cref="TextualInversionException">A tag has no name, or what follows it is not understood.</exception>
    public static IReadOnlyList<LoraTag> Find(string prompt) =>
        [.. Pattern().Matches(prompt).Select(match => Parse(match.Value, match.Groups["inside"].Value))];

    /// <summary>The prompt without its tags, which are not part of the text.</summary>
    public static string Remove(string prompt) => Pattern().Replace(prompt, "");

    /// <summary>The file, or null if there is none of that name.</summary>
    public Lora? Resolve() =>
        LoraFolder.Find(Name) is { } path ? new Lora(path, Strength) { TextStrength = TextStrength } : null;

    /// <summary>The beginning of a tag that is not closed, such as <c>&lt;lora:x:0.8</c>, or null.</summary>
    public static string? FindUnclosed(string prompt) =>
        Unclosed().Match(prompt) is { Success: true } found ? found.Value.TrimEnd() : null;

    /// <summary>As in the WebUI's extra_networks_lora.py, without its third number, the dynamic rank.</summary>
    private static LoraTag Parse(string text, string inside)
    {
        var parts = inside.Split(':', StringSplitOptions.TrimEntries);
        if (parts[0].Length == 0)
            throw new TextualInversionException($"{text}: names no LoRA; write <lora:NAME:0.8>.");
        var numbers = parts.Skip(1).Where(part => !part.Contains('=')).ToList();
        if (numbers.Count > MostNumbers)
            throw new TextualInversionException(
                $"{text}: has {numbers.Count} numbers; write one strength, or two: that in the text encoder and that "
                    + "in the U-Net."
            );
        double? encoder = Strength(numbers.ElementAtOrDefault(0)),
            unet = Strength(numbers.ElementAtOrDefault(1));
        foreach (var part in parts.Skip(1).Where(part => part.Contains('=')))
        {
            var (key, value) = (part[..part.IndexOf('=')].TrimEnd(), part[(part.IndexOf('=') + 1)..].TrimStart());
            if (key.Equals("te", StringComparison.OrdinalIgnoreCase))
                encoder = Strength(value);
            else if (key.Equals("unet", StringComparison.OrdinalIgnoreCase))
                unet = Strength(value);
            else
                throw new TextualInversionException($"{text}: {key}= is not supported; only te= and unet= are.");
        }

        return new LoraTag(text, parts[0], unet ?? encoder ?? 1, encoder ?? 1);

        double? Strength(string? number) =>
            number is null ? null
            : Strengths.TryParse(number, out var strength, out var problem) ? strength
            : throw new TextualInversionException($"{text}: the strength is {number}; {problem}.");
    }

    [GeneratedRegex(@"<(?:lora|lyco|locon):(?<inside>[^<>\n]*)>", RegexOptions.IgnoreCase)]
    private static partial Regex Pattern();

    [GeneratedRegex(@"<(?:lora|lyco|locon):[^<>\n]*(?=[<\n]|\z)", RegexOptions.IgnoreCase)]
    private static partial Regex Unclosed();
}
