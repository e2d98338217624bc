using System.Globalization;
using System.Numerics;
using System.Security.Cryptography;
using TextualInversion.IO;
using static TorchSharp.torch;

namespace TextualInversion.Tensors.Torch;

/// <summary>Writes files as <c>torch.save</c> does since 1.6: a zip archive with a pickle and a raw storage for each tensor.</summary>
internal static class TorchSave
{
    private const string Top = "archive"; // torch takes the file's name; any is read

    /// <summary>Writes <paramref name="root"/>; the same values give the same bytes, whatever the file is called.</summary>
    /// <param name="path">The file.</param>
    /// <param name="root">null, a string, a long, a tensor, <see cref="SavedParameters"/>, or a dictionary of such by texts.</param>
    /// <param name="overwrite">Whether the file may be replaced.</param>
    /// <exception cref="TextualInversionException">See <see cref="AtomicFile.Write"/>.</exception>
    public static void Write(string path, object? root, bool overwrite)
    {
        var pickle = new PickleWriter();
        List<(string Name, byte[] Content)> entries =
        [
            ("data.pkl", pickle.Write(root)),
            (".format_version", "1"u8.ToArray()),
            (".storage_alignment", "64"u8.ToArray()),
            ("byteorder", "little"u8.ToArray()),
        ];
        foreach (var (index, tensor) in pickle.Storages.Index())
            entries.Add(($"data/{index}", Bytes(tensor)));
        entries.Add(("version", "3\n"u8.ToArray()));
        entries.Add((".data/serialization_id", SerializationId(entries)));
        AtomicFile.Write(
            path,
            overwrite,
            stream =>
            {
                var archive = new AlignedZip(stream);
                foreach (var (name, content) in entries)
                    archive.Add($"{Top}/{name}", content);
                archive.Finish();
            }
        );
    }

    private static byte[] Bytes(Tensor tensor)
    {
        using var plain = tensor.detach().cpu().contiguous();
        return plain.bytes.ToArray();
    }

    /// <summary>Forty digits that tell contents apart; torch takes them from other hashes and compares them with nothing.</summary>
    private static byte[] SerializationId(List<(string Name, byte[] Content)> entries)
    {
        var hash = SHA256.HashData([.. entries.SelectMany(entry => SHA256.HashData(entry.Content))]);
        var digits = new BigInteger(hash, isUnsigned: true).ToString("D40", CultureInfo.InvariantCulture);
        return System.Text.Encoding.ASCII.GetBytes(digits[^40..]);
    }
}
