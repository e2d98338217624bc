using TextualInversion.IO;
using TextualInversion.Tests.Fixtures;

namespace TextualInversion.Tests.IO;

public sealed class FolderTreeTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Files_LinksInACircle_AreListedOnceByTheirOwnNames()
    {
        folder.Write("root/1.txt", "");
        folder.Write("root/b/2.txt", "");
        folder.Write("other/3.txt", "");
        folder.Write("root/.hidden/4.txt", "");
        Directory.CreateSymbolicLink(folder.File("root/a"), "b");
        Directory.CreateSymbolicLink(folder.File("root/b/up"), folder.File("root"));
        Directory.CreateSymbolicLink(folder.File("root/out"), folder.File("other"));
        Directory.CreateSymbolicLink(folder.File("other/back"), folder.File("root/b"));
        Directory.CreateSymbolicLink(folder.File("root/self"), "self");

        var files = FolderTree.Files(folder.File("root")).Select(file => Path.GetRelativePath(folder.Path, file));

        Assert.Equal(["root/1.txt", "root/b/2.txt", "root/out/3.txt"], files.Order().Where(IsText));
    }

    // A link to itself is a file of its own.
    private static bool IsText(string file) => file.EndsWith(".txt", StringComparison.Ordinal);
}
