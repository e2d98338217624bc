using TextualInversion.Cli.Infrastructure;
using TextualInversion.IO;
using TextualInversion.Tests.Fixtures;

namespace TextualInversion.Cli.Tests.Infrastructure;

public sealed class OutputFileTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Write_FileExists_NamesTheOptions(bool isBefore)
    {
        var path = isBefore ? folder.Write("file", "other") : folder.File("file");

        var error = Assert.Throws<TextualInversionException>(() =>
            OutputFile.Write(
                path,
                overwrite: false,
                "--report",
                () => AtomicFile.Write(path, overwrite: false, _ => folder.Write("file", "other"))
            )
        );

        Assert.Contains("--report", error.Message, StringComparison.Ordinal);
        Assert.Contains("--overwrite", error.Message, StringComparison.Ordinal);
        Assert.Equal("other", File.ReadAllText(path));
    }

    [Fact]
    public void Write_OtherProblem_StaysAsItIs()
    {
        folder.Write("file", "in the way");
        var path = folder.File("file/inner");

        var error = Assert.Throws<TextualInversionException>(() =>
            OutputFile.Write(path, overwrite: false, "--report", () => AtomicFile.WriteText(path, false, "x"))
        );

        Assert.Contains("cannot be written", error.Message, StringComparison.Ordinal);
    }
}
