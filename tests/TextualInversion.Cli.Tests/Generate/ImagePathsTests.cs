using TextualInversion.Cli.Generate;
using TextualInversion.Data;
using TextualInversion.Tests.Fixtures;

namespace TextualInversion.Cli.Tests.Generate;

public sealed class ImagePathsTests : IDisposable
{
    private static readonly RgbImage Image = new(new byte[8 * 8 * 3], 8, 8);

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Write_SeveralAtOnce_LosesNone()
    {
        var writers = Enumerable
            .Range(0, 4)
            .Select(_ => new ImagePaths(folder.File("out"), 5, format: null, overwrite: false))
            .ToList();
        var written = new List<string>[writers.Count];

        Parallel.For(
            0,
            writers.Count,
            i => written[i] = [.. Enumerable.Range(0, 5).Select(_ => writers[i].Write(Image, ""))]
        );

        Assert.Equal(20, written.SelectMany(paths => paths).Distinct().Count());
        Assert.Equal(20, Directory.GetFiles(folder.File("out")).Length);
        Assert.All(Directory.GetFiles(folder.File("out")), path => ImageDecoder.Decode(path));
    }

    [Fact]
    public void Write_FilesThere_AreNumberedAfter()
    {
        folder.Write("out/0007.jpg", "");
        folder.Write("out/grid-0003.png", "");
        folder.Write("out/cat.png", "");
        var paths = new ImagePaths(folder.File("out"), 2, format: null, overwrite: false);
        Assert.Equal(folder.File("out/0008.png"), paths.Write(Image, ""));
        folder.Write("out/0009.png", "another process's");
        Assert.Equal(folder.File("out/0010.png"), paths.Write(Image, ""));
        Assert.Equal(folder.File("out/grid-0008.png"), paths.WriteGrid(Image, ""));
    }
}
