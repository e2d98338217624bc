using System.IO.Compression;
using System.Text;

namespace TextualInversion.Tests.Fixtures;

/// <summary>
/// Makes torch files byte by byte, valid and invalid. Pickles are given as texts whose letters are the bytes: opcodes
/// are mostly letters.
/// </summary>
internal static class TorchBytes
{
    public const string Protocol2 = "\u0080\u0002";

    private const string Dict = "ccollections\nOrderedDict\n)R";

    public static byte[] Bytes(string letters) => Encoding.Latin1.GetBytes(letters);

    /// <summary>The pickle of a text.</summary>
    public static string Text(string text) => $"X{(char)text.Length}\0\0\0{text}";

    /// <summary>The pickle of an integer that fits in a long.</summary>
    public static string Number(long number) =>
        "\u008a\u0008" + Encoding.Latin1.GetString(BitConverter.GetBytes(number));

    public static string Tuple(params IEnumerable<long> numbers) => $"({string.Concat(numbers.Select(Number))}t";

    public static string Storage(string key, string type, long count) =>
        $"({Text("storage")}ctorch\n{type}\n{Text(key)}{Text("cuda:0")}{Number(count)}tQ";

    public static string Tensor(string key, string type, long count, long offset, long[] shape, long[] strides) =>
        "ctorch._utils\n_rebuild_tensor_v2\n("
        + $"{Storage(key, type, count)}{Number(offset)}{Tuple(shape)}{Tuple(strides)}\u0089{Dict}tR";

    /// <summary>A dictionary, {key: value, …}; values are pickles.</summary>
    public static string Dictionary(params (string Key, string Value)[] entries) =>
        $"}}({string.Concat(entries.Select(entry => Text(entry.Key) + entry.Value))}u";

    /// <summary>A zip archive as torch.save makes it, without alignment.</summary>
    public static byte[] Archive(string pickle, params (string Key, byte[] Content)[] storages) =>
        Zip([
            ("model/data.pkl", Bytes($"{Protocol2}{pickle}.")),
            ("model/byteorder", "little"u8.ToArray()),
            .. storages.Select(storage => ($"model/data/{storage.Key}", storage.Content)),
            ("model/version", "3\n"u8.ToArray()),
        ]);

    public static byte[] Zip(
        IEnumerable<(string Name, byte[] Content)> files,
        CompressionLevel compression = CompressionLevel.NoCompression
    )
    {
        using var stream = new MemoryStream();
        using (var archive = new ZipArchive(stream, ZipArchiveMode.Create, leaveOpen: true))
            foreach (var (name, content) in files)
                using (var entry = archive.CreateEntry(name, compression).Open())
                    entry.Write(content);
        return stream.ToArray();
    }

    /// <summary>The same archive with 64-bit numbers in its list, as in archives of more than 4 GiB.</summary>
    public static byte[] Zip64(byte[] archive)
    {
        var end = archive.Length - 22; // no comment
        var offset = BitConverter.ToInt32(archive, end + 16);
        List<byte> bytes = [.. archive[..offset]];
        for (var entry = offset; entry < end; )
        {
            int name = BitConverter.ToUInt16(archive, entry + 28),
                extra = BitConverter.ToUInt16(archive, entry + 30);
            byte[] sizes = [.. Long(archive, entry + 24), .. Long(archive, entry + 20), .. Long(archive, entry + 42)];
            byte[] no = [0xff, 0xff, 0xff, 0xff];
            bytes.AddRange([
                .. archive[entry..(entry + 20)],
                .. no,
                .. no,
                .. archive[(entry + 28)..(entry + 30)],
                (byte)(extra + 28),
                0,
                .. archive[(entry + 32)..(entry + 42)],
                .. no,
            ]);
            bytes.AddRange([.. archive[(entry + 46)..(entry + 46 + name + extra)], 1, 0, 24, 0, .. sizes]);
            entry += 46 + name + extra;
        }

        var (place, length) = (bytes.Count, bytes.Count - offset);
        bytes.AddRange([
            0x50,
            0x4b,
            6,
            6,
            .. new byte[36],
            .. BitConverter.GetBytes((long)length),
            .. BitConverter.GetBytes((long)offset),
        ]);
        bytes.AddRange([0x50, 0x4b, 6, 7, 0, 0, 0, 0, .. BitConverter.GetBytes((long)place), 1, 0, 0, 0]);
        return [.. bytes, 0x50, 0x4b, 5, 6, .. new byte[4], .. Enumerable.Repeat((byte)0xff, 12), 0, 0];

        static byte[] Long(byte[] archive, int at) => BitConverter.GetBytes((long)BitConverter.ToUInt32(archive, at));
    }

    /// <summary>A stream as torch.save made it before 1.6.</summary>
    public static byte[] Legacy(string pickle, params (string Key, long Count, byte[] Content)[] storages)
    {
        const string Magic = $"{Protocol2}\u008a\nl\u00fc\u009cF\u00f9 j\u00a8P\u0019.{Protocol2}M\u00e9\u0003.";
        var system = $"{Protocol2}{Dictionary(("little_endian", "\u0088"))}.";
        var keys = $"{Protocol2}]({string.Concat(storages.Select(storage => Text(storage.Key)))}e.";
        return
        [
            .. Bytes($"{Magic}{system}{Protocol2}{pickle}.{keys}"),
            .. storages.SelectMany(storage => BitConverter.GetBytes(storage.Count).Concat(storage.Content)),
        ];
    }

    public static byte[] Floats(params float[] values) => [.. values.SelectMany(BitConverter.GetBytes)];
}
