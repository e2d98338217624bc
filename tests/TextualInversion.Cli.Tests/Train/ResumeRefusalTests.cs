using TextualInversion.Tensors;
using TextualInversion.Tests.Fixtures;
using static TorchSharp.torch;

namespace TextualInversion.Cli.Tests.Train;

/// <summary>What <c>ti train --resume</c> refuses.</summary>
[Trait("Category", "EndToEnd")]
public sealed class ResumeRefusalTests : IDisposable
{
    private readonly TrainFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task Resume_OtherRate_NamesTheOption()
    {
        await folder.BeginAsync();
        await RefusesAsync("option LearningRate: was 1 when the run began and is 0.02 now", "--learning-rate", "0.02");
    }

    [Fact]
    public async Task Resume_FewerStepsThanWereTaken_IsRefused()
    {
        await folder.BeginAsync();
        await RefusesAsync("--steps 1: the run already took 2 steps", "--steps", "1");
    }

    [Fact]
    public async Task Resume_OtherToken_NamesIt()
    {
        await folder.BeginAsync();
        await RefusesAsync(
            "token: was <my-cat> when the run began and is <my-dog> now",
            "--token",
            "my-dog",
            "--name",
            "my-cat"
        );
    }

    [Fact]
    public async Task Resume_ChangedImage_NamesIt()
    {
        await folder.BeginAsync();
        File.Copy(Goldens.Sample("my-dog", "1.png"), folder.File("images/2.png"), overwrite: true);
        await RefusesAsync("2.png (SHA-256): was ");
    }

    [Fact]
    public async Task Resume_ChangedMask_NamesIt()
    {
        var (exitCode, _, error) = await TiRunner.RunAsync([
            .. folder.Command("."),
            .. folder.ImagesOfSeveralShapesWithMasks(),
            "--steps",
            "2",
        ]);
        Assert.True(exitCode == 0, error);
        folder.Write("masks/2.png", PngFile.Gray(80, 80, (_, _) => 99));
        await RefusesAsync("masks/2.png (SHA-256): was ");
    }

    [Fact]
    public async Task Resume_DeletedImage_NamesIt()
    {
        await folder.BeginAsync();
        File.Delete(folder.File("images/2.png"));
        await RefusesAsync("2.png (SHA-256): was ");
    }

    [Fact]
    public async Task Resume_ChangedModel_NamesTheNetwork()
    {
        await folder.BeginAsync();
        var file = Directory.EnumerateFiles(folder.File("model/text_encoder"), "*.safetensors").Single();
        using var scope = NewDisposeScope();
        var weights = SafetensorsFile.Open(file);
        var tensors = weights.Tensors.Keys.ToDictionary(key => key, key => weights.Read(key).clone());
        tensors.First(pair => pair.Key.EndsWith("final_layer_norm.bias", StringComparison.Ordinal)).Value.add_(1);
        SafetensorsFile.Write(file, tensors, weights.Metadata, overwrite: true);
        await RefusesAsync("the model's TextEncoder (SHA-256): was ");
    }

    [Fact]
    public async Task Resume_TruncatedState_IsNamed()
    {
        await folder.BeginAsync();
        using (var stream = File.OpenWrite(folder.File($"{TrainFolder.Run}/state.safetensors")))
            stream.SetLength(stream.Length - 10);
        await RefusesAsync("state.safetensors: is not a whole safetensors file");
    }

    [Fact]
    public async Task Resume_EmbeddingInTheStatesPlace_IsNamed()
    {
        await folder.BeginAsync();
        File.Copy(
            folder.File(TrainFolder.Embedding),
            folder.File($"{TrainFolder.Run}/state.safetensors"),
            overwrite: true
        );
        await RefusesAsync("is not a run's state (step is missing)");
    }

    [Fact]
    public async Task Resume_NoSuchRun_IsNamed()
    {
        var (exitCode, _, error) = await TiRunner.RunAsync("train", "--resume", folder.File("nowhere"));

        TiRunner.AssertRefused(exitCode, error);
        Assert.Contains("state.safetensors: is missing", error);
    }

    private async Task RefusesAsync(string expected, params string[] more)
    {
        var before = await File.ReadAllBytesAsync(folder.File(TrainFolder.Embedding));

        var (exitCode, _, error) = await TiRunner.RunAsync([
            "train",
            "--resume",
            folder.File(TrainFolder.Run),
            .. more,
        ]);

        TiRunner.AssertRefused(exitCode, error);
        Assert.Contains(expected, error);
        Assert.Equal(before, await File.ReadAllBytesAsync(folder.File(TrainFolder.Embedding)));
    }
}
