using System.Buffers.Binary;
using System.Globalization;
using System.IO.Compression;
using TextualInversion.IO;
using TextualInversion.Tensors.Torch;
using TextualInversion.Tests.Fixtures;
using TorchSharp;
using static TorchSharp.torch;

namespace TextualInversion.Tests.Tensors.Torch;

/// <summary>Byte by byte against a file that torch 2.13 saved, Fixtures/torch-save.pt (made by torch-save.py beside it), and against the zip format.</summary>
public sealed class TorchSaveTests : IDisposable
{
    private readonly TemporaryFolder folder = new();
    private readonly DisposeScope scope = NewDisposeScope();

    private static string Saved =>
        Path.Combine(Goldens.Repository, "tests", "TextualInversion.Tests", "Fixtures", "torch-save.pt");

    public void Dispose()
    {
        scope.Dispose();
        folder.Dispose();
    }

    [Fact]
    public void Write_SameValuesAsTorch_GivesTheSameFileButForNamesAndId()
    {
        TorchSave.Write(folder.File("x.pt"), Values(), overwrite: false);

        var (ours, theirs) = (Entries(folder.File("x.pt")), Entries(Saved));
        Assert.Equal(theirs.Select(entry => entry.Name), ours.Select(entry => entry.Name));
        foreach (var (expected, actual) in theirs.Zip(ours))
        {
            if (expected.Name != ".data/serialization_id")
                Assert.Equal(expected.Content, actual.Content);
            else
                Assert.Equal(expected.Content.Length, actual.Content.Length);
        }
    }

    [Fact]
    public void Write_Archive_IsAsTorchesZip()
    {
        TorchSave.Write(folder.File("x.pt"), Values(), overwrite: false);
        var (ours, theirs) = (File.ReadAllBytes(folder.File("x.pt")), File.ReadAllBytes(Saved));
        var entries = LocalHeaders(ours).ToList();
        Assert.All(entries, entry => Assert.Equal(0, entry.Data % 64));
        // Signature, version, flags, method, dates and the sizes that follow the data: the same as torch's.
        Assert.Equal(theirs[..26], ours[..26]);
        foreach (var (name, data, length) in entries)
        {
            var descriptor = ours.AsSpan(data + length);
            Assert.Equal([0x50, 0x4b, 7, 8], descriptor[..4].ToArray());
            Assert.Equal(Crc32.Of(ours.AsSpan(data, length)), BinaryPrimitives.ReadUInt32LittleEndian(descriptor[4..]));
            Assert.StartsWith("archive/", name, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Write_AnyName_GivesTheSameBytes()
    {
        TorchSave.Write(folder.File("a.pt"), Values(), overwrite: false);
        TorchSave.Write(folder.File("b.pt"), Values(), overwrite: false);
        Assert.Equal(File.ReadAllBytes(folder.File("a.pt")), File.ReadAllBytes(folder.File("b.pt")));
    }

    [Fact]
    public void Write_ManyTensors_AreReadBack()
    {
        // More than 256 numbered values, so that the long forms of the opcodes are used too.
        var tensors = Enumerable
            .Range(0, 100)
            .ToDictionary(
                i => i.ToString(CultureInfo.InvariantCulture),
                i => (object?)tensor(new[] { (float)i, i + 1 })
            );
        TorchSave.Write(folder.File("x.pt"), tensors, overwrite: false);
        var file = TorchFile.Open(folder.File("x.pt"));
        Assert.Equal(100, file.Tensors.Count);
        Assert.Equal([99f, 100], file.Read("99").data<float>().ToArray());
    }

    private static OrderedDictionary<string, object?> Values() =>
        new()
        {
            ["string_to_token"] = new Dictionary<string, object?> { ["*"] = 265L },
            ["string_to_param"] = new Dictionary<string, object?>
            {
                ["*"] = arange(8, ScalarType.Float32).reshape(2, 4),
            },
            ["parameters"] = new SavedParameters("*", ones(1, 4, ScalarType.Float16)),
            ["token"] = tensor(265L),
            ["step"] = 499L,
            ["large"] = 5_000_000_000L,
            ["negative"] = -3L,
            ["name"] = "my-cat ä",
            ["none"] = null,
        };

    private static List<(string Name, byte[] Content)> Entries(string path)
    {
        using var archive = ZipFile.OpenRead(path);
        return
        [
            .. archive.Entries.Select(entry =>
            {
                using var stream = entry.Open();
                using var content = new MemoryStream();
                stream.CopyTo(content);
                return (entry.FullName[(entry.FullName.IndexOf('/') + 1)..], content.ToArray());
            }),
        ];
    }

    private static IEnumerable<(string Name, int Data, int Length)> LocalHeaders(byte[] bytes)
    {
        using var archive = new ZipArchive(new MemoryStream(bytes));
        var lengths = archive.Entries.Select(entry => (int)entry.Length).ToList();
        var at = 0;
        foreach (var length in lengths)
        {
            Assert.Equal([0x50, 0x4b, 3, 4], bytes[at..(at + 4)]);
            var (name, extra) = (BitConverter.ToUInt16(bytes, at + 26), BitConverter.ToUInt16(bytes, at + 28));
            Assert.Equal("FB"u8.ToArray(), bytes[(at + 30 + name)..(at + 32 + name)]);
            var data = at + 30 + name + extra;
            yield return (System.Text.Encoding.UTF8.GetString(bytes, at + 30, name), data, length);
            at = data + length + 16;
        }
    }
}
