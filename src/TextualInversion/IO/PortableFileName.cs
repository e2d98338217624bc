using System.Text;

namespace TextualInversion.IO;

/// <summary>Names that a file can have on every system, and that a prompt can call.</summary>
internal static class PortableFileName
{
    private const int MaxBytes = 150; // leaves room for extensions and for the names of temporary files
    private const string Forbidden = "<>:\"/\\|?*";

    // https://learn.microsoft.com/windows/win32/fileio/naming-a-file#naming-conventions
    private static readonly string[] Devices =
    [
        "CON",
        "CONIN$",
        "CONOUT$",
        "PRN",
        "AUX",
        "NUL",
        .. "0123456789¹²³".SelectMany(number => new[] { $"COM{number}", $"LPT{number}" }),
    ];

    /// <summary>The reason why a name cannot be used, such as "contains a space", or null if it can.</summary>
    public static string? Problem(string name)
    {
        if (name.Length == 0)
            return "is empty";
        if (name.FirstOrDefault(Forbidden.Contains) is not '\0' and var character)
            return $"contains {character}";
        if (name.Any(char.IsWhiteSpace))
            return "contains a space";
        if (name.EnumerateRunes().Any(rune => Rune.IsControl(rune) || rune == Rune.ReplacementChar))
            return "contains a control character or half a character";
        if (name[0] == '.' || name[^1] == '.')
            return "begins or ends with a dot";
        if (Devices.Contains(name.Split('.')[0], StringComparer.OrdinalIgnoreCase))
            return "is a device on Windows";
        return Encoding.UTF8.GetByteCount(name) > MaxBytes ? $"is longer than {MaxBytes} bytes" : null;
    }

    /// <param name="name">The name, without an extension.</param>
    /// <param name="parameter">The parameter that the name is from, for the message.</param>
    /// <returns>The name.</returns>
    /// <exception cref="TextualInversionException">A file cannot have it on every system.</exception>
    public static string Require(string name, string parameter) =>
        Problem(name) is { } problem
            ? throw TextualInversionException.ForParameter(
                parameter,
                $"{Shown(name)}: cannot be a file's name on every system, since it {problem}; choose another, such as "
                    + "my-cat."
            )
            : name;

    private static string Shown(string name)
    {
        var text = PrintableText.Of(name);
        return text.Length <= 60 ? $"\"{text}\"" : $"\"{text[..60]}…\"";
    }
}
