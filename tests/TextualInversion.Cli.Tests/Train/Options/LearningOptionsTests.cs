using System.CommandLine;
using TextualInversion.Cli.Train.Options;

namespace TextualInversion.Cli.Tests.Train.Options;

public sealed class LearningOptionsTests
{
    [Theory]
    [InlineData("", OptimizerKind.Prodigy, 1)]
    [InlineData("--learning-rate 0.01", OptimizerKind.AdamW, 0.01)]
    [InlineData("--optimizer adamw", OptimizerKind.AdamW, 5e-3)]
    [InlineData("--optimizer direction", OptimizerKind.Direction, 5e-3)]
    [InlineData("--compatible diffusers", OptimizerKind.AdamW, 2e-3)]
    [InlineData("--compatible diffusers --learning-rate 0.01", OptimizerKind.AdamW, 0.01)]
    [InlineData("--optimizer Prodigy --compatible diffusers", OptimizerKind.Prodigy, 1)]
    [InlineData("--optimizer prodigy --learning-rate 0.5", OptimizerKind.Prodigy, 0.5)]
    public void Resolve_OptimizerAndRate_FitEachOther(string arguments, OptimizerKind optimizer, double rate)
    {
        var options = Resolve(arguments);

        Assert.Equal((optimizer, rate), (options.Optimizer, options.LearningRate));
    }

    [Fact]
    public void Resolve_TimestepsAndLoss_AreThoseGiven()
    {
        var options = Resolve("--min-timestep 200 --max-timestep 800 --loss-type huber --huber-c 0.5");

        Assert.Equal((200, 800), (options.MinTimestep, options.MaxTimestep));
        Assert.Equal((LossType.Huber, 0.5), (options.LossType, options.HuberC));
    }

    private static TrainOptions Resolve(string arguments)
    {
        var learning = new LearningOptions();
        var command = new RootCommand();
        Option[] all = [learning.Property, .. learning.MostUsed, .. learning.Progress, .. learning.Optimization];
        foreach (var option in all)
            command.Options.Add(option);
        var parsed = command.Parse(arguments);
        Assert.Empty(parsed.Errors);
        return learning.Resolve(parsed, seed: 0);
    }
}
