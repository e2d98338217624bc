using System.Globalization;

namespace TextualInversion.Cli.Infrastructure;

/// <summary>A number with its noun: "1 image", "2 images".</summary>
internal static class Plural
{
    /// <param name="number">The number.</param>
    /// <param name="one">The noun in the singular.</param>
    /// <param name="many">The noun in the plural; null to append an s.</param>
    public static string Of(long number, string one, string? many = null) =>
        string.Create(CultureInfo.InvariantCulture, $"{number} {(number == 1 ? one : many ?? one + "s")}");
}
