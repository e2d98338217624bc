using System.Globalization;
using TextualInversion.Cli.Infrastructure;

namespace TextualInversion.Cli.ModelAccess;

/// <summary>A value of <c>--lora</c>: <c>FILE[@strength]</c>.</summary>
internal static class LoraArgument
{
    private const int NamesShown = 5;

    /// <summary>
    /// Reads it; what is a file as a whole is nothing else. A name that is no file is looked for in <c>loras/</c>.
    /// </summary>
    /// <exception cref="UsageException">What follows the file is not a strength.</exception>
    /// <exception cref="TextualInversionException">There is no such file.</exception>
    public static Lora Parse(string text)
    {
        var (path, strength) = (text, 1.0);
        var at = text.LastIndexOf('@');
        if (at > 0 && !File.Exists(text))
        {
            path = text[..at];
            if (!Strengths.TryParse(text[(at + 1)..], out strength, out var problem))
                throw new UsageException($"{text}: the strength is {text[(at + 1)..]}; {problem}.");
        }

        return new Lora(File.Exists(path) ? path : LoraFolder.Find(path) ?? throw Missing(path), strength);
    }

    private static TextualInversionException Missing(string path)
    {
        if (LoraFolder.Ambiguity(path) is { } several)
            return new TextualInversionException($"{path}: there is no such file. {several}");
        var known = LoraFolder.Known();
        var others =
            known.Count == 0
                ? $"there is no such file, and {LoraFolder.Name}/ has none of that name"
                : $"there is no such file, and {LoraFolder.Name}/ has {string.Join(", ", known.Take(NamesShown))}"
                    + (known.Count > NamesShown ? $" and {known.Count - NamesShown} more" : "");
        return new TextualInversionException(
            Directory.Exists(path) ? $"{path}: is a folder; name a LoRA's file in it." : $"{path}: {others}."
        );
    }

    /// <summary>The text that <see cref="Parse"/> reads.</summary>
    public static string Format(Lora lora) =>
        lora.Strength == 1 ? lora.Path : string.Create(CultureInfo.InvariantCulture, $"{lora.Path}@{lora.Strength}");

    /// <summary>
    /// What an embedding was trained with and is missing here, as a warning, or null. LoRAs are compared by the names
    /// of their files.
    /// </summary>
    /// <param name="trigger">The embedding.</param>
    /// <param name="wanted">The LoRAs that it was trained with.</param>
    /// <param name="used">The LoRAs in use.</param>
    public static string? Missing(string trigger, IReadOnlyList<Lora> wanted, IReadOnlyList<Lora> used)
    {
        var missing = Missing(wanted, used);
        return missing.Count == 0
            ? null
            : $"{trigger} was trained together with {(missing.Count == 1 ? "a LoRA" : "LoRAs")}; without it, images "
                + $"differ from what was learned. Add {Options(missing)}.";
    }

    /// <summary>The options that add what is missing, by the names of files; null if all are in use.</summary>
    public static string? OptionsForMissing(IReadOnlyList<Lora> wanted, IReadOnlyList<Lora> used) =>
        Missing(wanted, used) is { Count: > 0 } missing ? Options(missing) : null;

    private static List<Lora> Missing(IReadOnlyList<Lora> wanted, IReadOnlyList<Lora> used)
    {
        var names = used.Select(lora => Path.GetFileNameWithoutExtension(lora.Path)).ToList();
        return [.. wanted.Where(lora => !names.Contains(Path.GetFileNameWithoutExtension(lora.Path)))];
    }

    private static string Options(List<Lora> loras) =>
        string.Join(" ", loras.Select(lora => $"--lora {ShellCommand.Quote(Format(lora))}"));
}
