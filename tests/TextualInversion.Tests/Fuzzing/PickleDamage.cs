using TextualInversion.Tests.Fixtures;

namespace TextualInversion.Tests.Fuzzing;

/// <summary>Pickles whose opcodes were deleted, doubled, moved or given other arguments.</summary>
internal static class PickleDamage
{
    private static readonly byte[][] Pieces =
    [
        .. new[]
        {
            "N",
            "\u0088",
            "\u0089",
            "(",
            ")",
            "]",
            "}",
            "t",
            "l",
            "d",
            "s",
            "u",
            "a",
            "e",
            "0",
            "1",
            "2",
            ".",
            "R",
            "Q",
            "b",
            "o",
            "\u0081",
            "\u0092",
            "\u0093",
            "\u0085",
            "\u0086",
            "\u0087",
            "\u008f",
            "\u0090",
            "\u0091",
            "\u0094",
            "K\0",
            "K\u0001",
            "K\u0002",
            "K\u0006",
            "M\u00ff\u00ff",
            "J\u00ff\u00ff\u00ff\u00ff",
            "J\u00ff\u00ff\u00ff\u007f",
            "\u008a\0",
            "\u008a\u0008\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u007f",
            "\u008a\u0009\0\0\0\0\0\0\0\u0080\0",
            "\u008b\u0040\0\0\0",
            "G\u007f\u00f0\0\0\0\0\0\0",
            "I0\n",
            "I01\n",
            "I-1\n",
            "L5L\n",
            "Fnan\n",
            "F1e400\n",
            "V\\ud800\n",
            "V*\n",
            "S'*'\n",
            "S'\\x00'\n",
            "U\0",
            "U\u0001*",
            "X\u0001\0\0\0*",
            "X\u0002\0\0\0\u00c3(",
            "\u008c\u0006clip_l",
            "C\u0001a",
            "B\u0001\0\0\0a",
            "\u0096\u0001\0\0\0\0\0\0\0a",
            "q\0",
            "q\u0001",
            "q\u00ff",
            "r\u00ff\u00ff\u00ff\u00ff",
            "p7\n",
            "h\0",
            "h\u0001",
            "h\u0005",
            "j\u0001\0\0\0",
            "g0\n",
            "\u0080\u0002",
            "\u0080\u0005",
            "\u0095\u00ff\0\0\0\0\0\0\0",
            "ccollections\nOrderedDict\n",
            "ccollections\ndefaultdict\n",
            "ctorch\nFloatStorage\n",
            "ctorch\nHalfStorage\n",
            "ctorch\nBoolStorage\n",
            "ctorch\nSize\n",
            "ctorch._utils\n_rebuild_tensor_v2\n",
            "ctorch._utils\n_rebuild_parameter\n",
            "ctorch.nn.modules.container\nParameterDict\n",
            "cos\nsystem\n",
            "ios\nsystem\n",
            "ccopy_reg\n_reconstructor\n",
            "cnumpy.core.multiarray\nscalar\n",
            "P1\n",
            "\u0082\u0001",
            "\u0097",
        }.Select(TorchBytes.Bytes),
    ];

    /// <summary>Makes one to three changes to a pickle's opcodes, or sometimes to its bytes.</summary>
    public static byte[] Of(byte[] original, Random random)
    {
        if (random.Next(4) == 0)
            return Damage.OfBytes(original, random);
        var opcodes = Opcodes(original);
        for (var changes = random.Next(1, 4); changes > 0 && opcodes.Count > 0; changes--)
        {
            var at = random.Next(opcodes.Count);
            switch (random.Next(7))
            {
                case 0:
                    opcodes.RemoveAt(at);
                    break;
                case 1:
                    opcodes.Insert(at, opcodes[at]);
                    break;
                case 2:
                    opcodes.Insert(random.Next(opcodes.Count), opcodes[at]);
                    break;
                case 3:
                    opcodes[at] = Pieces[random.Next(Pieces.Length)];
                    break;
                case 4:
                    opcodes.Insert(at, Pieces[random.Next(Pieces.Length)]);
                    break;
                case 5:
                    opcodes[at] = Damage.OfBytes(opcodes[at], random);
                    break;
                default:
                    var length = Math.Min(random.Next(2, 12), opcodes.Count - at);
                    opcodes.InsertRange(random.Next(opcodes.Count), opcodes.GetRange(at, length));
                    break;
            }
        }

        return [.. opcodes.SelectMany(opcode => opcode)];
    }

    /// <summary>The opcodes with their arguments. An unknown byte counts as an opcode.</summary>
    private static List<byte[]> Opcodes(byte[] pickle)
    {
        var opcodes = new List<byte[]>();
        for (var at = 0; at < pickle.Length; )
        {
            var length = Math.Clamp(LengthOf(pickle, at), 1, pickle.Length - at);
            opcodes.Add(pickle[at..(at + length)]);
            at += length;
        }

        return opcodes;
    }

    private static int LengthOf(byte[] pickle, int at)
    {
        var rest = pickle.Length - at;
        return (char)pickle[at] switch
        {
            'K' or 'q' or 'h' or '\x80' => 2,
            'M' => 3,
            'J' or 'r' or 'j' => 5,
            'G' or '\x95' => 9,
            'U' or '\x8c' or 'C' or '\x8a' when rest > 1 => 2 + pickle[at + 1],
            'X' or 'B' or 'T' when rest > 4 => 5 + (int)Math.Min(BitConverter.ToUInt32(pickle, at + 1), (uint)rest),
            'I' or 'L' or 'F' or 'V' or 'S' or 'p' or 'g' => Line(at),
            'c' or 'i' => Line(at) + Line(at + Line(at)),
            _ => 1,
        };

        int Line(int from) =>
            from < pickle.Length && Array.IndexOf(pickle, (byte)'\n', from) is >= 0 and var end ? end + 1 - from : 1;
    }
}
