using TextualInversion.Tests.Fixtures;
using TextualInversion.Training.RunFiles;

namespace TextualInversion.Tests.Training.RunFiles;

public sealed class RunFolderTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Remains_NewFolder_OnceItIsKept()
    {
        using var run = new RunFolder(folder.File("runs/a"), overwrite: false);
        Assert.False(run.Remains);
        run.Keep();
        Assert.True(run.Remains);
    }

    [Fact]
    public void Remains_FolderThatWasThere_Always()
    {
        Directory.CreateDirectory(folder.File("runs/a"));
        using var run = new RunFolder(folder.File("runs/a"), overwrite: false);
        Assert.True(run.Remains);
    }

    [Fact]
    public void Dispose_NotKept_LeavesNothing()
    {
        using (var run = new RunFolder(folder.File("out/runs/a"), overwrite: false))
            File.WriteAllText(run.MetricsPath, "step");
        Assert.False(Directory.Exists(folder.File("out")));
    }

    /// <summary>Two trainings begin in one new folder, and the first of them fails.</summary>
    [Fact]
    public void Dispose_AnotherRunBeganNextToIt_LeavesTheOther()
    {
        using (var first = new RunFolder(folder.File("out/runs/a"), overwrite: false))
        {
            using var second = new RunFolder(folder.File("out/runs/b"), overwrite: false);
            File.WriteAllText(first.MetricsPath, "step");
            File.WriteAllText(second.MetricsPath, "step");
            second.Keep();
        }

        Assert.Equal(["b"], Directory.EnumerateDirectories(folder.File("out/runs")).Select(Path.GetFileName));
        Assert.True(File.Exists(folder.File("out/runs/b/metrics.csv")));
    }

    /// <summary>Two of <c>ti train --resume</c> at once, each of which would write the other's files.</summary>
    [Fact]
    public void New_AnotherRunWritesThere_Throws()
    {
        using (var first = new RunFolder(folder.File("runs/a"), overwrite: false))
        {
            first.Keep();
            var error = Assert.Throws<TextualInversionException>(() =>
                new RunFolder(first.FolderPath, overwrite: true)
            );
            Assert.Contains("another training", error.Message, StringComparison.Ordinal);
        }

        new RunFolder(folder.File("runs/a"), overwrite: false).Dispose(); // it ended, and left no lock
    }

    /// <summary>It would fail after the training otherwise.</summary>
    [Theory]
    [InlineData("run.json")]
    [InlineData("metrics.csv")]
    [InlineData("state.safetensors")]
    [InlineData("last.safetensors")]
    [InlineData("report.html")]
    public void New_FolderInThePlaceOfAFile_Throws(string file)
    {
        Directory.CreateDirectory(folder.File($"runs/a/{file}"));

        var error = Assert.Throws<TextualInversionException>(() => new RunFolder(folder.File("runs/a"), true));

        Assert.StartsWith($"{folder.File($"runs/a/{file}")}: is a folder", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("samples")]
    [InlineData("checkpoints")]
    public void New_FileInThePlaceOfAFolder_Throws(string name)
    {
        var file = folder.Write($"runs/a/{name}", "text");

        var error = Assert.Throws<TextualInversionException>(() => new RunFolder(folder.File("runs/a"), true));

        Assert.StartsWith($"{file}: is a file", error.Message, StringComparison.Ordinal);
        Assert.Equal("text", File.ReadAllText(file));
    }

    [Fact]
    public void Dispose_FolderWasThereBefore_Stays()
    {
        Directory.CreateDirectory(folder.File("runs/a"));
        new RunFolder(folder.File("runs/a"), overwrite: false).Dispose();
        Assert.True(Directory.Exists(folder.File("runs/a")));
    }

    [Fact]
    public void DeleteCheckpoints_FolderOfAPerson_Stays()
    {
        using var run = new RunFolder(folder.File("runs/a"), overwrite: false);
        foreach (var name in new[] { "seed-1", "seed-18446744073709551615", "seed-photos", "seed-1-old" })
            folder.Write($"runs/a/{name}/file", "");

        run.DeleteCheckpoints();

        Assert.Equal(
            ["seed-1-old", "seed-photos"],
            Directory.EnumerateDirectories(run.FolderPath).Select(Path.GetFileName).Order(StringComparer.Ordinal)
        );
    }
}
