using System.CommandLine;
using TextualInversion.Cli.Infrastructure;

namespace TextualInversion.Cli.Tests.Infrastructure;

public sealed class SuggestionsTests
{
    [Theory]
    [InlineData("train", "--lr", "--learning-rate")]
    [InlineData("train", "--learning_rate", "--learning-rate")]
    [InlineData("train", "--train_data_dir", "--images")]
    [InlineData("train", "--placeholder_token", "--token")]
    [InlineData("train", "--initializer_token", "--initializer")]
    [InlineData("train", "--num_vectors", "--vectors")]
    [InlineData("train", "--max_train_steps", "--steps")]
    [InlineData("train", "--train_batch_size", "--batch")]
    [InlineData("train", "--pretrained_model_name_or_path", "--model")]
    [InlineData("train", "--output_dir", "--output")]
    [InlineData("train", "--min_timestep", "--min-timestep")]
    [InlineData("train", "--loss_type", "--loss-type")]
    [InlineData("train", "--optimizer_type", "--optimizer")]
    [InlineData("train", "--huber_c", "--huber-c")]
    [InlineData("generate", "--cfg", "--guidance")]
    [InlineData("generate", "--cfg-scale", "--guidance")]
    [InlineData("generate", "--guidance_scale=7", "--guidance")]
    [InlineData("generate", "--num_inference_steps", "--steps")]
    [InlineData("generate", "--sampler_name", "--sampler")]
    [InlineData("generate", "--negative_prompt", "--negative")]
    [InlineData("generate", "-n", "--count")]
    [InlineData("generate", "--n", "--count")]
    public async Task Run_NameFromAnotherTool_SaysOurs(string command, string typed, string ours)
    {
        var (exitCode, _, error) = await TiRunner.RunAsync(command, typed, "4");

        Assert.Equal(ExitCode.WrongUsage, exitCode);
        Assert.Contains(
            $"{typed.Split('=')[0]}: unknown option. That is called {ours} here.",
            error,
            StringComparison.Ordinal
        );
        Assert.DoesNotContain("'4'", error, StringComparison.Ordinal); // the value is not another problem
    }

    [Theory]
    [InlineData("--stepz", "--steps")]
    [InlineData("--guidence", "--guidance")]
    [InlineData("--neg", "--negative")]
    [InlineData("--hieght", "--height")]
    [InlineData("--xyz", null)]
    [InlineData("--a", null)]
    [InlineData("--bananas", null)]
    public async Task Run_UnknownOption_NamesOnlyANearOne(string typed, string? nearest)
    {
        var (_, _, error) = await TiRunner.RunAsync("generate", "--prompt", "x", typed, "4");

        Assert.Contains($"error: {typed}: unknown option.", error, StringComparison.Ordinal);
        if (nearest is null)
            Assert.DoesNotContain("Did you mean", error, StringComparison.Ordinal);
        else
            Assert.Contains($"Did you mean {nearest}?", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("trian", "Did you mean train?")]
    [InlineData("x", "x: unknown command.")]
    [InlineData("gen", "Did you mean generate?")]
    public async Task Run_UnknownCommand_NamesOnlyANearOne(string typed, string expected)
    {
        var (exitCode, output, error) = await TiRunner.RunAsync(typed, "--help");

        Assert.Equal((ExitCode.WrongUsage, ""), (exitCode, output));
        Assert.Contains(expected, error, StringComparison.Ordinal);
        Assert.Equal(
            expected.StartsWith("Did", StringComparison.Ordinal),
            error.Contains("Did you mean", StringComparison.Ordinal)
        );
    }

    [Fact]
    public async Task Run_OptionBeforeTheCommand_SaysWhereItBelongs()
    {
        var (_, _, error) = await TiRunner.RunAsync("--model", "demo", "generate", "--prompt", "x");
        Assert.Contains("--model: options come after the command", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_SeveralProblems_AreSaidAtOnce()
    {
        var (_, _, error) = await TiRunner.RunAsync("train", "--steps", "many", "--lr", "1", "--precision", "fp8");

        foreach (
            var part in new[]
            {
                "--steps many: ",
                "--lr: ",
                "--precision fp8: ",
                "'--images' is required",
                "'--token' is required",
            }
        )
            Assert.Contains(part, error, StringComparison.Ordinal);
    }

    [Fact]
    public void ForeignNames_Options_Exist()
    {
        var options = Commands(CommandLine.CreateRoot(_ => null))
            .SelectMany(command => command.Options)
            .Select(option => option.Name)
            .ToHashSet();
        Assert.All(ForeignNames.All, foreign => Assert.Contains(foreign.Value, options.Contains));
    }

    private static IEnumerable<Command> Commands(Command command) =>
        command.Subcommands.SelectMany(Commands).Prepend(command);
}
