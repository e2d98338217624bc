using System.IO.Compression;
using TextualInversion.IO;
using static TorchSharp.torch;

namespace TextualInversion.Tensors.Torch;

/// <summary>
/// Writes files as <c>torch.save</c> of torch 1.6 does: a zip archive with a pickle, the bytes of each tensor and a
/// version. What later versions add, such as <c>byteorder</c> and <c>.data/serialization_id</c>, is left out: torch
/// reads archives without it, and the AUTOMATIC1111 WebUI refuses any entry that it does not know.
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
        List<(string Name, byte[] Content)> entries = [("data.pkl", pickle.Write(root))];
        foreach (var (index, tensor) in pickle.Storages.Index())
            entries.Add(($"data/{index}", Bytes(tensor)));
        entries.Add(("version", "3\n"u8.ToArray()));
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
}
