using System.Globalization;
using System.Text;

namespace TextualInversion.Models.Tokenizers;

/// <summary>
/// Unicode's canonical composition (NFC, https://www.unicode.org/reports/tr15/). .NET leaves it to ICU and, with
/// InvariantGlobalization, returns text beyond ASCII unchanged, so that the ids of a prompt would depend on the
/// machine. The tables are those of Unicode 14; the tokenizers library's are older and do not reorder some hundred
/// newer marks.
/// </summary>
internal static class UnicodeNormalization
{
    // Hangul syllables compose by arithmetic: The Unicode Standard, section 3.12.
    private const int SyllableBase = 0xAC00,
        LeadBase = 0x1100,
        VowelBase = 0x1161,
        TrailBase = 0x11A7;
    private const int LeadCount = 19,
        VowelCount = 21,
        TrailCount = 28,
        SyllableCount = LeadCount * VowelCount * TrailCount;

    private static readonly Dictionary<int, int[]> Decompositions = [];
    private static readonly Dictionary<(int First, int Second), int> Compositions = [];
    private static readonly Dictionary<int, int> CombiningClasses = [];

    static UnicodeNormalization()
    {
        using var stream = typeof(UnicodeNormalization).Assembly.GetManifestResourceStream("UnicodeNormalization.txt")!;
        using var reader = new StreamReader(stream);
        while (reader.ReadLine() is { } line)
        {
            if (!line.StartsWith('#'))
                ReadLine(line);
        }
    }

    /// <summary>The composed text. Lone surrogates become U+FFFD.</summary>
    public static string Compose(string text)
    {
        if (Ascii.IsValid(text))
            return text;
        var points = new List<int>(text.Length);
        foreach (var rune in text.EnumerateRunes())
            Decompose(rune.Value, points);
        Reorder(points);
        var composed = new StringBuilder(text.Length);
        foreach (var point in ComposePairs(points))
            composed.Append(new Rune(point).ToString());
        return composed.ToString();
    }

    private static void Decompose(int point, List<int> points)
    {
        var syllable = point - SyllableBase;
        if (syllable is >= 0 and < SyllableCount)
        {
            points.Add(LeadBase + (syllable / (VowelCount * TrailCount)));
            points.Add(VowelBase + (syllable / TrailCount % VowelCount));
            if (syllable % TrailCount != 0)
                points.Add(TrailBase + (syllable % TrailCount));
        }
        else if (Decompositions.TryGetValue(point, out var parts))
        {
            foreach (var part in parts)
                Decompose(part, points);
        }
        else
        {
            points.Add(point);
        }
    }

    /// <summary>Sorts combining marks by class; marks of the same class keep their order.</summary>
    private static void Reorder(List<int> points)
    {
        for (var i = 1; i < points.Count; i++)
        {
            var (point, combiningClass) = (points[i], CombiningClass(points[i]));
            if (combiningClass == 0)
                continue;
            var j = i;
            for (; j > 0 && CombiningClass(points[j - 1]) > combiningClass; j--)
                points[j] = points[j - 1];
            points[j] = point;
        }
    }

    private static List<int> ComposePairs(List<int> points)
    {
        var composed = new List<int>(points.Count);
        var (starter, lastClass) = (-1, 0); // the last starter's index, and the class of the last mark kept after it
        foreach (var point in points)
        {
            var combiningClass = CombiningClass(point);
            var isBlocked = starter < 0 || (composed.Count - 1 > starter && lastClass >= combiningClass);
            if (!isBlocked && Pair(composed[starter], point) is { } pair)
            {
                composed[starter] = pair;
                continue;
            }

            composed.Add(point);
            if (combiningClass == 0)
                starter = composed.Count - 1;
            lastClass = combiningClass;
        }

        return composed;
    }

    private static int? Pair(int first, int second)
    {
        if (first - LeadBase is >= 0 and < LeadCount && second - VowelBase is >= 0 and < VowelCount)
            return SyllableBase + ((((first - LeadBase) * VowelCount) + second - VowelBase) * TrailCount);
        if (
            first - SyllableBase is >= 0 and < SyllableCount
            && (first - SyllableBase) % TrailCount == 0
            && second - TrailBase is > 0 and < TrailCount
        )
            return first + second - TrailBase;
        return Compositions.TryGetValue((first, second), out var pair) ? pair : null;
    }

    private static int CombiningClass(int point) => CombiningClasses.GetValueOrDefault(point);

    /// <summary>The file explains its own format.</summary>
    private static void ReadLine(string line)
    {
        if (line.Split("..") is [var first, var rest] && rest.Split(':') is [var last, var combiningClass])
        {
            for (var marked = Hex(first); marked <= Hex(last); marked++)
                CombiningClasses[marked] = int.Parse(combiningClass, CultureInfo.InvariantCulture);
            return;
        }

        var separator = line.IndexOfAny(['=', '>']);
        var point = Hex(line[..separator]);
        var parts = line[(separator + 1)..].Split(' ').Select(Hex).ToArray();
        Decompositions[point] = parts;
        if (line[separator] == '=')
            Compositions[(parts[0], parts[1])] = point;
    }

    private static int Hex(string digits) => int.Parse(digits, NumberStyles.HexNumber, CultureInfo.InvariantCulture);
}
