using TextualInversion.Cli.Runs;
using TextualInversion.Embeddings;

namespace TextualInversion.Cli.Tests.Train;

/// <summary><c>ti train --resume</c> and checkpoints.</summary>
[Trait("Category", "EndToEnd")]
public sealed class ResumeTests : IDisposable
{
    private readonly TrainFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task Train_ResumeOfARunThatIsOver_GivesTheSameFile()
    {
        await folder.BeginAsync();
        var before = await File.ReadAllBytesAsync(folder.File(TrainFolder.Embedding));

        var (exitCode, output, error) = await TiRunner.RunAsync(
            "train",
            "--resume",
            folder.File(TrainFolder.Run),
            "--json"
        );

        Assert.True(exitCode == 0, error);
        Assert.Contains("\"steps\": 2", output);
        Assert.Equal(before, await File.ReadAllBytesAsync(folder.File(TrainFolder.Embedding)));
    }

    [Fact]
    public async Task Train_SaveEvery_WritesEmbeddingsOfTheStepsOnTheWay()
    {
        await folder.BeginAsync();

        using var first = EmbeddingFile.Read(folder.File($"{TrainFolder.Run}/checkpoints/step-000001.safetensors"));
        using var second = EmbeddingFile.Read(folder.File($"{TrainFolder.Run}/checkpoints/step-000002.safetensors"));
        using var last = EmbeddingFile.Read(folder.File($"{TrainFolder.Run}/last.safetensors"));
        Assert.Equal("1", first.Provenance["steps"]);
        Assert.Equal(last.Provenance["base_model_sha256"], first.Provenance["base_model_sha256"]);
        Assert.NotEqual(first.Rows[0].data<float>().ToArray(), last.Rows[0].data<float>().ToArray());
        Assert.Equal(last.Rows[0].data<float>().ToArray(), second.Rows[0].data<float>().ToArray());
    }

    [Fact]
    public async Task Train_Overwrite_LeavesNoCheckpointsOfTheRunBefore()
    {
        await folder.BeginAsync();
        await TiRunner.RunAsync([.. folder.Command("."), "--steps", "1", "--overwrite"]);

        Assert.Equal(
            ["step-000001.safetensors"],
            Directory.EnumerateFiles(folder.File($"{TrainFolder.Run}/checkpoints")).Select(Path.GetFileName)
        );
    }

    [Fact]
    public async Task Resume_MoreSteps_ExtendsTheRunWhichIsThenResumedAsItIs()
    {
        await folder.BeginAsync();

        var (exitCode, output, error) = await TiRunner.RunAsync(
            "train",
            "--resume",
            folder.File(TrainFolder.Run),
            "--steps",
            "4",
            "--json"
        );

        Assert.True(exitCode == 0, error);
        Assert.Contains("\"steps\": 4", output);
        Assert.Contains("The learning rate follows the new length", error);
        var extended = await File.ReadAllBytesAsync(folder.File(TrainFolder.Embedding));
        Assert.Equal(2, RunRecord.Read(folder.File(TrainFolder.Run)).ExtendedAfterStep);

        (exitCode, output, error) = await TiRunner.RunAsync(
            "train",
            "--resume",
            folder.File(TrainFolder.Run),
            "--json"
        );

        Assert.True(exitCode == 0, error);
        Assert.Contains("\"steps\": 4", output);
        Assert.Equal(extended, await File.ReadAllBytesAsync(folder.File(TrainFolder.Embedding)));
    }

    [Fact]
    public async Task Resume_LinkToTheRunsFolder_IsThatRun()
    {
        await folder.BeginAsync();
        var before = await File.ReadAllBytesAsync(folder.File(TrainFolder.Embedding));
        Directory.CreateSymbolicLink(folder.File("latest"), folder.File(TrainFolder.Run));

        var (exitCode, _, error) = await TiRunner.RunAsync("train", "--resume", folder.File("latest"));

        Assert.True(exitCode == 0, error);
        Assert.Equal(before, await File.ReadAllBytesAsync(folder.File(TrainFolder.Embedding)));
    }

    /// <summary>The state keeps the command; its values must not become options when it is read again.</summary>
    [Theory]
    [InlineData("--overwrite")]
    [InlineData("--")]
    [InlineData("@home")]
    public async Task Resume_NameLikeAnOption_IsStillTheName(string name)
    {
        string[] command = [.. folder.Command("."), "--steps", "1", $"--name={name}"];
        var (exitCode, _, error) = await TiRunner.RunAsync(command);
        Assert.True(exitCode == 0, error);

        (exitCode, _, error) = await TiRunner.RunAsync("train", "--resume", folder.File($"runs/{name}"));

        Assert.True(exitCode == 0, error);
        Assert.Contains(RunRecord.Read(folder.File($"runs/{name}")).Command, part => part == $"--name={name}");
    }
}
