using System.Collections.Concurrent;
using TextualInversion.Cli.Infrastructure;
using TextualInversion.Cli.Report;
using TextualInversion.Cli.Runs;
using TextualInversion.Tests.Fixtures;
using TextualInversion.Training.RunFiles;

namespace TextualInversion.Cli.Tests.Runs;

public sealed class RunRecordTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Read_Written_IsTheSame()
    {
        var path = RecordedRunFolder.Write(folder, "my-cat");
        var before = RunRecord.Read(path);

        before.Write(path);

        var text = File.ReadAllText(RunFolder.RecordIn(path));
        RunRecord.Read(path).Write(path);
        Assert.Equal(text, File.ReadAllText(RunFolder.RecordIn(path)));
        Assert.Equal(before.Result, RunRecord.Read(path).Result);
    }

    [Fact]
    public void Read_RunOfAnEarlierVersion_HasItsWeightsUnderTheOldName()
    {
        var path = RecordedRunFolder.Write(folder, "my-cat");
        var file = RunFolder.RecordIn(path);
        var now = RunRecord.Read(path).FrozenWeights;
        File.WriteAllText(
            file,
            File.ReadAllText(file).Replace("\"frozenWeights\"", "\"baseWeights\"", StringComparison.Ordinal)
        );

        Assert.Equal(now, RunRecord.Read(path).FrozenWeights);
    }

    [Theory]
    [InlineData("end", "-1", "end is not")]
    [InlineData("command[0]", "null", "command[0] is null")]
    [InlineData("images[0].path", null, "images[0].path is missing")]
    [InlineData("images[1]", "{\"a\": 1}", "images[1].path is missing")]
    [InlineData("rows[0].nearest[0]", "null", "rows[0].nearest[0] is null")]
    [InlineData("rows[1].nearest", null, "rows[1].nearest is missing")]
    [InlineData("vocabularyNorms[0]", "null", "vocabularyNorms[0] is null")]
    [InlineData("frozenWeights.TextEncoder", "null", "frozenWeights.TextEncoder is null")]
    [InlineData("result.steps", "\"ten\"", "result.steps is not")]
    [InlineData("result.embedding", "\"\"", "result.embedding is empty")]
    [InlineData("result.embedding", "\"a\\u0000b\"", "result.embedding holds a character of code 0")]
    [InlineData("images", "[]", "images is empty")]
    [InlineData("images[0].path", "\" \"", "images[0].path is empty")]
    [InlineData("images[1].path", "\"a\\u0000b\"", "images[1].path holds a character of code 0")]
    public void Read_KeyThatDoesNotFit_NamesIt(string key, string? value, string expected)
    {
        var path = RecordedRunFolder.Write(folder, "my-cat", record => JsonMutation.Apply(record, key, value));

        var error = Assert.Throws<TextualInversionException>(() => RunRecord.Read(path));

        Assert.StartsWith($"{RunFolder.RecordIn(path)}: {expected}", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("run.json")]
    [InlineData("metrics.csv")]
    public void Report_NamedPipeForAFile_IsRefused(string file)
    {
        if (!NamedPipe.IsKnown)
            return;
        var run = RecordedRunFolder.Write(folder, "my-cat");
        NamedPipe.Make(Path.Combine(run, file));

        var error = Assert.Throws<TextualInversionException>(() => RunLog.Read(run));

        Assert.Contains($"{file}: is a named pipe", error.Message, StringComparison.Ordinal);
    }

    /// <summary>It is not a run that did not finish.</summary>
    [Fact]
    public async Task Report_FolderForTheRecord_IsNamed()
    {
        var run = RecordedRunFolder.Write(folder, "my-cat");
        folder.Write("runs/my-cat/state.safetensors", "");
        File.Delete(RunFolder.RecordIn(run));
        Directory.CreateDirectory(RunFolder.RecordIn(run));
        var other = RecordedRunFolder.Write(folder, "other");

        foreach (var runs in new[] { new[] { run }, [run, other] })
        {
            var (exitCode, output, error) = await TiRunner.RunAsync([
                "report",
                .. runs,
                "--output",
                folder.File("page.html"),
            ]);

            Assert.Equal((ExitCode.Problem, ""), (exitCode, output));
            Assert.Contains(
                $"{RunFolder.RecordIn(run)}: cannot be read (it is a folder, not a file).",
                error,
                StringComparison.Ordinal
            );
        }
    }

    /// <summary>
    /// Replaces every value by null or another type, or deletes it: there is a page, or an error that names the file.
    /// </summary>
    [Fact]
    public void Report_EveryKeyMutated_NeverFailsUnnamed()
    {
        var whole = RecordedRunFolder.Write(folder, "whole");
        var record = RecordedRunFolder.Record(folder);
        foreach (var image in record["images"]!.AsArray())
            image!["path"] = "missing.png"; // no thumbnails, which take time
        var cases = JsonMutation.All(record).ToList();
        var metrics = File.ReadAllBytes(RunFolder.MetricsIn(whole));
        var unnamed = new ConcurrentBag<string>();

        Parallel.ForEach(
            cases.Chunk(100).Index(),
            chunk =>
            {
                var path = Directory.CreateDirectory(folder.File($"mutated-{chunk.Index}")).FullName;
                File.WriteAllBytes(RunFolder.MetricsIn(path), metrics);
                foreach (var (name, json) in chunk.Item)
                {
                    File.WriteAllText(RunFolder.RecordIn(path), json);
                    if (Record.Exception(() => Show(path)) is { } error && !IsNamed(error, path))
                        unnamed.Add($"{name}: {error.GetType().Name} {error.Message}");
                }
            }
        );

        Assert.True(cases.Count > 2000, $"only {cases.Count} cases");
        Assert.Empty(unnamed.Order());
    }

    private static bool IsNamed(Exception error, string path) =>
        error is TextualInversionException && error.Message.Contains(path, StringComparison.Ordinal);

    private static void Show(string path)
    {
        var run = RunLog.Read(path);
        new RunReport(run).Write();
    }
}
