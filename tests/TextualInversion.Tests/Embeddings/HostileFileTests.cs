using TextualInversion.Embeddings;
using TextualInversion.Tests.Fixtures;
using TextualInversion.Tests.Tensors.Torch;

namespace TextualInversion.Tests.Embeddings;

/// <summary>
/// Malicious files in place of embeddings: they are refused by name, nothing is run and nothing is written.
/// </summary>
public sealed class HostileFileTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public static TheoryData<string, string> Attacks => MalformedTorchPickleTests.Attacks;

    public void Dispose() => folder.Dispose();

    [Theory]
    [MemberData(nameof(Attacks))]
    public void Open_Attack_IsRefusedByName(string pickle, string named)
    {
        var hidden = TorchBytes.Dictionary(("string_to_token", "}"), ("string_to_param", pickle));
        foreach (
            var content in new[] { TorchBytes.Archive(pickle), TorchBytes.Archive(hidden), TorchBytes.Legacy(pickle) }
        )
        {
            folder.Write("EasyNegative.pt", content);
            var message = Assert
                .Throws<TextualInversionException>(() => EmbeddingFile.Open(folder.File("EasyNegative.pt")))
                .Message;
            Assert.Contains($"it asks for {named}, which", message);
        }

        Assert.Equal([folder.File("EasyNegative.pt")], Directory.GetFileSystemEntries(folder.Path));
    }

    [Fact]
    public void Open_ArchiveWithPathsOutside_IsRefusedAndWritesNothing()
    {
        var tensor = TorchBytes.Dictionary(("<x>", TorchBytes.Tensor("../../x", "FloatStorage", 2, 0, [2], [1])));
        folder.Write("x.pt", TorchBytes.Archive(tensor, ("../../x", TorchBytes.Floats(1, 2))));
        Assert.Contains(
            "outside its own folder",
            Assert.Throws<TextualInversionException>(() => EmbeddingFile.Open(folder.File("x.pt"))).Message
        );
        Assert.Single(Directory.GetFileSystemEntries(folder.Path));
    }

    [Fact]
    public void Open_ValuesThatContainThemselves_AreRefused()
    {
        foreach (
            var pickle in new[]
            {
                "]q\u0001h\u0001a",
                "}q\u0001X\u0001\0\0\0ah\u0001s",
                $"}}q\u0001{TorchBytes.Text("string_to_param")}h\u0001s",
            }
        )
        {
            folder.Write("x.pt", TorchBytes.Archive(pickle));
            Assert.StartsWith(
                folder.File("x.pt"),
                Assert.Throws<TextualInversionException>(() => EmbeddingFile.Open(folder.File("x.pt"))).Message,
                StringComparison.Ordinal
            );
        }
    }

    [Fact]
    public void Open_ZipBomb_IsRefused()
    {
        var tensor = TorchBytes.Tensor("0", "FloatStorage", 5_000_000, 0, [5_000_000], [1]);
        var pickle = TorchBytes.Bytes($"{TorchBytes.Protocol2}{TorchBytes.Dictionary(("<x>", tensor))}.");
        folder.Write(
            "x.pt",
            TorchBytes.Zip(
                [("a/data.pkl", pickle), ("a/data/0", new byte[20_000_000])],
                System.IO.Compression.CompressionLevel.SmallestSize
            )
        );
        Assert.Throws<TextualInversionException>(() => EmbeddingFile.Open(folder.File("x.pt")));
    }
}
