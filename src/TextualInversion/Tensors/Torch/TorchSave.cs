using System.Globalization;
using System.IO.Compression;
using System.Numerics;
using TextualInversion.IO;
using static TorchSharp.torch;

namespace TextualInversion.Tensors.Torch;

/// <summary>
/// Writes files as <c>torch.save</c> does since 1.6: a zip archive with a pickle and the bytes of each tensor. The
/// bytes are not aligned to be mapped, as torch aligns them; so the two entries that promise an alignment are left out.
/// </summary>
internal static class TorchSave
{
    private const string Top = "archive"; // torch uses the file's name, and reads any

    /// <summary>The first date that a zip archive can hold, so that equal contents give equal files.</summary>
    private static readonly DateTimeOffset Date = new(1980, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>
    /// Writes <paramref name="root"/>; the same values give the same bytes, whatever the file is called.
    /// </summary>
    /// <param name="path">The file.</param>
    /// <param name="root">
    /// Null, a string, a long, a tensor, <see cref="SavedParameters"/>, or a dictionary of these with strings as keys.
    /// </param>
    /// <param name="overwrite">Whether the file may be replaced.</param>
    /// <exception cref="TextualInversionException">See <see cref="AtomicFile.Write"/>.</exception>
    public static void Write(string path, object? root, bool overwrite)
    {
        var pickle = new PickleWriter();
        List<(string Name, byte[] Content)> entries =
        [
            ("data.pkl", pickle.Write(root)),
            ("byteorder", "little"u8.ToArray()),
        ];
        foreach (var (index, tensor) in pickle.Storages.Index())
            entries.Add(($"data/{index}", Bytes(tensor)));
        entries.Add(("version", "3\n"u8.ToArray()));
        entries.Add((".data/serialization_id", SerializationId(entries)));
        AtomicFile.Write(path, overwrite, stream => WriteArchive(stream, entries));
    }

    private static void WriteArchive(Stream stream, List<(string Name, byte[] Content)> entries)
    {
        using var archive = new ZipArchive(stream, ZipArchiveMode.Create, leaveOpen: true);
        foreach (var (name, content) in entries)
        {
            var entry = archive.CreateEntry($"{Top}/{name}", CompressionLevel.NoCompression);
            entry.LastWriteTime = Date;
            using var file = entry.Open();
            file.Write(content);
        }
    }

    private static byte[] Bytes(Tensor tensor)
    {
        using var scope = NewDisposeScope();
        return tensor.detach().cpu().contiguous().bytes.ToArray();
    }

    /// <summary>
    /// Forty digits that differ for different contents. Torch uses other hashes and never compares them.
    /// </summary>
    private static byte[] SerializationId(List<(string Name, byte[] Content)> entries)
    {
        var hash = Sha256.Hash([.. entries.SelectMany(entry => Sha256.Hash(entry.Content))]);
        var digits = new BigInteger(hash, isUnsigned: true).ToString("D40", CultureInfo.InvariantCulture);
        return System.Text.Encoding.ASCII.GetBytes(digits[^40..]);
    }
}
