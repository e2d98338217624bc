using TextualInversion.IO;
using TextualInversion.Tests.Fixtures;

namespace TextualInversion.Tests.IO;

public sealed class RealPathTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("runs/a")]
    [InlineData("runs/a/")]
    [InlineData("runs/../runs/./a")]
    [InlineData("latest")]
    [InlineData("linked-runs/a")]
    [InlineData("linked-twice/a")]
    public void Of_EveryNameOfAFolder_IsTheSame(string name)
    {
        Directory.CreateDirectory(folder.File("runs/a"));
        Directory.CreateSymbolicLink(folder.File("latest"), folder.File("runs/a"));
        Directory.CreateSymbolicLink(folder.File("linked-runs"), "runs");
        Directory.CreateSymbolicLink(folder.File("linked-twice"), "linked-runs");

        Assert.Equal(RealPath.Of(folder.File("runs/a")), RealPath.Of(folder.File(name)));
        Assert.EndsWith("runs/a", RealPath.Of(folder.File(name)).Replace('\\', '/'), StringComparison.Ordinal);
    }

    /// <summary>As in the cache of the Hugging Face hub, seen through a link to a snapshot.</summary>
    [Fact]
    public void Of_RelativeLinkInALinkedFolder_IsSeenFromTheRealFolder()
    {
        folder.Write("hub/blobs/abc", "content");
        Directory.CreateDirectory(folder.File("hub/snapshots/hash"));
        File.CreateSymbolicLink(folder.File("hub/snapshots/hash/a.pt"), "../../blobs/abc");
        File.CreateSymbolicLink(folder.File("hub/snapshots/hash/b.pt"), "a.pt");
        Directory.CreateSymbolicLink(folder.File("linked"), folder.File("hub/snapshots/hash"));

        foreach (var name in new[] { "linked/a.pt", "linked/b.pt" })
        {
            Assert.Equal(RealPath.Of(folder.File("hub/blobs/abc")), RealPath.Of(folder.File(name)));
            Assert.Null(SpecialFile.Describe(folder.File(name)));
        }
    }

    [Fact]
    public void Of_MissingOrCircular_StaysAsItIs()
    {
        Directory.CreateSymbolicLink(folder.File("circle"), folder.File("circle"));

        foreach (var name in new[] { "missing/run", "circle" })
            Assert.EndsWith(name, RealPath.Of(folder.File(name)).Replace('\\', '/'), StringComparison.Ordinal);
    }
}
