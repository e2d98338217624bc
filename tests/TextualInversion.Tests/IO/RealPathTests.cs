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

    [Fact]
    public void Of_MissingOrCircular_StaysAsItIs()
    {
        Directory.CreateSymbolicLink(folder.File("circle"), folder.File("circle"));

        foreach (var name in new[] { "missing/run", "circle" })
            Assert.EndsWith(name, RealPath.Of(folder.File(name)).Replace('\\', '/'), StringComparison.Ordinal);
    }
}
