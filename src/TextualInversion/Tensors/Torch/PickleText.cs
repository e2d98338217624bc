using System.Globalization;
using System.Numerics;
using System.Text;

namespace TextualInversion.Tensors.Torch;

/// <summary>Values as protocol 0 writes them, each on one line.</summary>
internal static class PickleText
{
    private const int MaxDigits = 160;

    public static object Integer(string line) =>
        line.Length <= MaxDigits
        && BigInteger.TryParse(line, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value)
            ? Integer(value)
            : throw new MalformedFileException("it holds an integer that cannot be read");

    /// <summary>A long if the value fits, otherwise the value itself.</summary>
    public static object Integer(BigInteger value) =>
        value >= long.MinValue && value <= long.MaxValue ? (object)(long)value : value;

    public static double Double(string line) =>
        line switch
        {
            "inf" => double.PositiveInfinity,
            "-inf" => double.NegativeInfinity,
            _ => double.TryParse(line, NumberStyles.Float, CultureInfo.InvariantCulture, out var value)
                ? value
                : throw new MalformedFileException("it holds a number that cannot be read"),
        };

    /// <summary>The number under which a value is remembered.</summary>
    public static long Index(string line) =>
        uint.TryParse(line, NumberStyles.None, CultureInfo.InvariantCulture, out var index)
            ? index
            : throw new MalformedFileException("it numbers a value by something that is not a number");

    /// <summary>Python's raw-unicode-escape: only <c>\uXXXX</c> and <c>\UXXXXXXXX</c> are escapes.</summary>
    public static string Unicode(string line) => Replace(line, onlyUnicode: true);

    /// <summary>A Python 2 literal in quotes.</summary>
    /// <exception cref="MalformedFileException">The quotes are missing.</exception>
    public static string Quoted(string line) =>
        line.Length >= 2 && line[0] is '\'' or '"' && line[^1] == line[0]
            ? Replace(line[1..^1], onlyUnicode: false)
            : throw new MalformedFileException("it holds a text without quotes");

    private static string Replace(string line, bool onlyUnicode)
    {
        var text = new StringBuilder(line.Length);
        for (var i = 0; i < line.Length; i++)
        {
            var digits =
                line[i] == '\\' && i + 1 < line.Length
                    ? line[i + 1] switch
                    {
                        'u' => 4,
                        'U' => 8,
                        'x' when !onlyUnicode => 2,
                        _ => 0,
                    }
                    : 0;
            if (
                digits > 0
                && i + 2 + digits <= line.Length
                && uint.TryParse(
                    line.AsSpan(i + 2, digits),
                    NumberStyles.AllowHexSpecifier,
                    CultureInfo.InvariantCulture,
                    out var code
                )
                && Rune.IsValid(code)
            )
            {
                text.Append(new Rune(code));
                i += 1 + digits;
            }
            else if (line[i] == '\\' && !onlyUnicode && i + 1 < line.Length)
            {
                i++;
                text.Append(
                    line[i] switch
                    {
                        'n' => '\n',
                        't' => '\t',
                        'r' => '\r',
                        var letter => letter,
                    }
                );
            }
            else
            {
                text.Append(line[i]);
            }
        }

        return text.ToString();
    }
}
