using System.Text;

namespace TextualInversion.Tests.Fuzzing;

/// <summary>
/// Damages bytes of unknown structure, and JSON, in ways that confuse parsers. All changes come from the generator, so
/// that a seed repeats them.
/// </summary>
internal static class Damage
{
    private static readonly byte[][] Extremes =
    [
        [0xff, 0xff, 0xff, 0xff],
        [0, 0, 0, 0x80],
        [0xff, 0xff, 0xff, 0x7f],
        [0, 0, 0, 0],
        [1, 0, 0, 0],
        [0, 0, 0, 1],
        [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f],
        [0, 0, 0, 0, 0, 0, 0, 0x80],
        "9999999999"u8.ToArray(),
        "-1"u8.ToArray(),
        [0xc3, 0x28],
        [0xed, 0xa0, 0x80],
    ];

    private static readonly string[] Tokens =
    [
        "0",
        "1",
        "-1",
        "2",
        "3",
        "4",
        "24",
        "2147483647",
        "2147483648",
        "4294967296",
        "9223372036854775807",
        "9223372036854775808",
        "-9223372036854775808",
        "1e308",
        "1e400",
        "-0",
        "0.5",
        "1e-45",
        "3.5e38",
        "null",
        "true",
        "[]",
        "{}",
        "[[]]",
        "[1]",
        "[0,0]",
        "\"\"",
        "\"x\"",
        "\"__metadata__\"",
        "\"F32\"",
        "\"F16\"",
        "\"BF16\"",
        "\"F64\"",
        "\"F8_E4M3\"",
        "\"BOOL\"",
        "\"emb_params\"",
        "\"clip_l\"",
        "\"clip_g\"",
        "\"\\u0000\"",
        "\"\\ud800\"",
        "\"..\\u002f\"",
        "\"name\"",
        "\"step\"",
        "\"string_to_param\"",
        "\"TORCHTENSOR\"",
        "\"*\"",
        "NaN",
        "[[[[[[[[[[[[[[[[",
        "\"data_offsets\":[0,24]",
        ",",
        ":",
        "\"a\":1,",
    ];

    /// <summary>
    /// Makes one to three changes: flipped bits, extreme numbers, holes, repetitions, pieces from elsewhere, an early
    /// end.
    /// </summary>
    public static byte[] OfBytes(ReadOnlySpan<byte> original, Random random)
    {
        List<byte> bytes = [.. original];
        for (var changes = random.Next(1, 4); changes > 0 && bytes.Count > 0; changes--)
        {
            var at = random.Next(bytes.Count);
            var length = Math.Min(random.Next(1, 32), bytes.Count - at);
            switch (random.Next(8))
            {
                case 0:
                    bytes[at] ^= (byte)(1 << random.Next(8));
                    break;
                case 1:
                    bytes[at] = (byte)random.Next(256);
                    break;
                case 2:
                    Overwrite(bytes, at, Extremes[random.Next(Extremes.Length)]);
                    break;
                case 3:
                    bytes.RemoveRange(at, length);
                    break;
                case 4:
                    bytes.InsertRange(at, bytes.GetRange(at, length));
                    break;
                case 5:
                    bytes.InsertRange(random.Next(bytes.Count), bytes.GetRange(at, length));
                    break;
                case 6:
                    bytes.InsertRange(at, Extremes[random.Next(Extremes.Length)]);
                    break;
                default:
                    if (random.Next(4) == 0)
                        bytes.RemoveRange(at, bytes.Count - at);
                    break;
            }
        }

        return [.. bytes];
    }

    /// <summary>Exchanges some values of a JSON document. The result is mostly still JSON.</summary>
    public static byte[] OfJson(byte[] original, Random random)
    {
        if (random.Next(4) == 0)
            return OfBytes(original, random);
        var json = Encoding.UTF8.GetString(original);
        for (var changes = random.Next(1, 4); changes > 0 && json.Length > 0; changes--)
        {
            var (begin, end) = TokenAt(json, random.Next(json.Length));
            var other = random.Next(3) == 0 ? Piece(json, random) : Tokens[random.Next(Tokens.Length)];
            json = random.Next(4) switch
            {
                0 => json.Insert(end, other),
                1 => json.Remove(begin, end - begin),
                _ => string.Concat(json.AsSpan(0, begin), other, json.AsSpan(end)),
            };
        }

        return Encoding.UTF8.GetBytes(json);
    }

    private static void Overwrite(List<byte> bytes, int at, byte[] with)
    {
        for (var i = 0; i < with.Length && at + i < bytes.Count; i++)
            bytes[at + i] = with[i];
    }

    private static string Piece(string json, Random random)
    {
        var (begin, end) = TokenAt(json, random.Next(json.Length));
        return json[begin..end];
    }

    /// <summary>The number or text around a position, or the character there.</summary>
    private static (int Begin, int End) TokenAt(string json, int at)
    {
        int begin = at,
            end = at + 1;
        if (IsWord(json[at]))
        {
            while (begin > 0 && IsWord(json[begin - 1]))
                begin--;
            while (end < json.Length && IsWord(json[end]))
                end++;
            if (begin > 0 && json[begin - 1] == '"' && end < json.Length && json[end] == '"')
                (begin, end) = (begin - 1, end + 1);
        }

        return (begin, end);
    }

    private static bool IsWord(char letter) =>
        char.IsAsciiLetterOrDigit(letter) || letter is '-' or '+' or '.' or '_' or '<' or '>' or '*' or '/';
}
