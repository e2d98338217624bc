using System.Globalization;
using System.Numerics;
using System.Text.RegularExpressions;

namespace TextualInversion.Cli.Infrastructure;

/// <summary>
/// Numbers as people type them: digits with a point for the decimals, whatever the system's language. A comma is never
/// skipped, since 0,005 would be read as 5.
/// </summary>
internal static partial class Numbers
{
    private const NumberStyles Whole = NumberStyles.AllowLeadingSign;
    private const NumberStyles Decimal = Whole | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent;

    /// <summary>Reads a finite number.</summary>
    /// <param name="text">The text as it was typed.</param>
    /// <param name="number">The number; zero if the text is not one.</param>
    /// <param name="problem">What to write instead; empty if the text is a number.</param>
    public static bool TryParse<T>(string text, out T number, out string problem)
        where T : struct, INumber<T>, IMinMaxValue<T>
    {
        var isWhole = typeof(T) != typeof(double);
        if (T.TryParse(text, isWhole ? Whole : Decimal, CultureInfo.InvariantCulture, out number) && T.IsFinite(number))
        {
            problem = "";
            return true;
        }

        number = T.Zero;
        problem =
            !isWhole ? DecimalProblem(text)
            : Digits().IsMatch(text) ? Range<T>(T.MinValue, T.MaxValue)
            : WholeProblem(text);
        return false;
    }

    /// <summary>What to choose from, as an error message says it.</summary>
    public static string Range<T>(T? minimum, T? maximum)
        where T : struct, INumber<T> =>
        (minimum, maximum) switch
        {
            ({ } least, { } most) => string.Create(
                CultureInfo.InvariantCulture,
                $"choose a number from {least} to {most}"
            ),
            ({ } least, null) => string.Create(CultureInfo.InvariantCulture, $"choose {least} or more"),
            (null, { } most) => string.Create(CultureInfo.InvariantCulture, $"choose {most} or less"),
            _ => "choose a number",
        };

    /// <summary>A number as people type it: 1e-8 where .NET writes 1E-08.</summary>
    public static string Format<T>(T number)
        where T : struct, INumber<T> => Plain(number.ToString(null, CultureInfo.InvariantCulture));

    /// <summary>The same for a number that .NET has formatted.</summary>
    public static string Plain(string text) => Exponent().Replace(text, "e${minus}${digits}");

    /// <summary>A share in percent with one decimal, such as 12.3 %, and never -0.0 %.</summary>
    public static string Percent(double share) =>
        string.Create(CultureInfo.InvariantCulture, $"{Math.Round(100 * share, 1) + 0.0:F1} %"); // -0.0 + 0.0 is 0

    private static string DecimalProblem(string text)
    {
        if (Grouped().Match(text) is { Success: true } grouped)
            return $"write {Ungroup(grouped.Groups["whole"].Value)}.{grouped.Groups["rest"].Value}, without separators";
        return DecimalComma().IsMatch(text)
            ? $"write {text.Replace(',', '.')}, with a decimal point"
            : "write a number, such as 0.005 or 5e-3";
    }

    private static string WholeProblem(string text) =>
        Thousands().IsMatch(text) ? $"write {Ungroup(text)}, without separators" : "write a whole number, such as 100";

    private static string Ungroup(string text) => Separator().Replace(text, "");

    [GeneratedRegex(@"\A[+-]?[0-9]+\z")]
    private static partial Regex Digits();

    [GeneratedRegex(@"\A[+-]?[0-9]*,[0-9]+(e[+-]?[0-9]+)?\z", RegexOptions.IgnoreCase)]
    private static partial Regex DecimalComma();

    [GeneratedRegex(@"\A[+-]?[0-9]{1,3}([.,' _][0-9]{3})+\z")]
    private static partial Regex Thousands();

    [GeneratedRegex(
        @"\A(?<whole>[+-]?[0-9]{1,3}(?<separator>[.,' _])[0-9]{3}(\k<separator>[0-9]{3})*)"
            + @"(?!\k<separator>)[.,](?<rest>[0-9]+)\z"
    )]
    private static partial Regex Grouped();

    [GeneratedRegex(@"E(?:\+|(?<minus>-))0*(?<digits>[0-9]+)")]
    private static partial Regex Exponent();

    [GeneratedRegex("[.,' _]")]
    private static partial Regex Separator();
}
