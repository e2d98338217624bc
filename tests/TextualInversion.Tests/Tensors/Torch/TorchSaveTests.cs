using System.Globalization;
using System.IO.Compression;
using TextualInversion.Tensors.Torch;
using TextualInversion.Tests.Fixtures;
using TorchSharp;
using static TorchSharp.torch;

namespace TextualInversion.Tests.Tensors.Torch;

/// <summary>
/// Compares with a file that torch 2.13 saved, Fixtures/torch-save.pt (made by torch-save.py next to it). Of its
/// entries, only those that torch 1.6 wrote are written.
/// </summary>
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
    public void Write_SameValuesAsTorch_GivesTheSameEntriesButThoseOfNewerVersions()
    {
        TorchSave.Write(folder.File("x.pt"), Values(), overwrite: false);

        var ours = Entries(folder.File("x.pt"));
        string[] newer = [".format_version", ".storage_alignment", "byteorder", ".data/serialization_id"];
        var theirs = Entries(Saved).Where(entry => !newer.Contains(entry.Name)).ToList();
        Assert.Equal(theirs.Select(entry => entry.Name), ours.Select(entry => entry.Name));
        foreach (var (expected, actual) in theirs.Zip(ours))
            Assert.Equal(expected.Content, actual.Content);
    }

    [Fact]
    public void Write_Archive_HasOnlyEntriesThatTheWebUiKnows()
    {
        TorchSave.Write(folder.File("x.pt"), Values(), overwrite: false);
        // Those of modules/safe.py before version 1.7; later ones also know byteorder and .data/serialization_id.
        Assert.All(
            Entries(folder.File("x.pt")),
            entry => Assert.Matches(@"^(data/\d+|version|data\.pkl)$", entry.Name)
        );
    }

    [Fact]
    public void Write_Archive_StoresEveryEntryWithoutCompression()
    {
        TorchSave.Write(folder.File("x.pt"), Values(), overwrite: false);
        using var stream = File.OpenRead(folder.File("x.pt"));
        var directory = new ZipDirectory(stream);
        Assert.All(
            directory.Entries.Values,
            entry =>
            {
                Assert.False(entry.Deflated);
                Assert.StartsWith("archive/", entry.Name, StringComparison.Ordinal);
            }
        );
    }

    [Fact]
    public void Write_Archive_IsReadByOurReader()
    {
        TorchSave.Write(folder.File("x.pt"), Values(), overwrite: false);
        var entries = Entries(folder.File("x.pt"));
        using var stream = File.OpenRead(folder.File("x.pt"));
        var directory = new ZipDirectory(stream);
        Assert.Equal(entries.Count, directory.Entries.Count);
        foreach (var (name, content) in entries)
            Assert.Equal(content, directory.Read(directory.Entries[$"archive/{name}"], limit: 1 << 20));
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
}
