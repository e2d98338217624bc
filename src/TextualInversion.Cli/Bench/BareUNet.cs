using TextualInversion.Models;
using static TorchSharp.torch;

namespace TextualInversion.Cli.Bench;

/// <summary>The U-Net without the rest of a training step.</summary>
/// <param name="model">The model.</param>
/// <param name="steps">Gives the batches.</param>
/// <param name="plan">How many passes to measure.</param>
internal sealed class BareUNet(TimedModel model, BenchSteps steps, BenchPlan plan)
{
    /// <exception cref="OperationCanceledException">The measurement was canceled.</exception>
    public BareUNetTimes Run(CancellationToken cancellationToken)
    {
        var (forward, backward) = (new List<double>(), new List<double>());
        for (var number = 0; number < plan.Steps; number++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            Pass(number);
            forward.Add(model.Seconds(ModelWork.PredictNoise));
            backward.Add(model.Seconds(ModelWork.Backward));
        }

        return new BareUNetTimes(Median(forward), Median(backward));
    }

    private void Pass(int number)
    {
        using var scope = NewDisposeScope();
        var batch = steps.Batch(number);
        var conditioning = Encode();
        model.Reset();
        var prediction = model.PredictNoise(batch.Noise, tensor(batch.Timesteps, device: model.Device), conditioning);
        model.Backward(prediction.sum());
        conditioning.EncoderHiddenStates.grad?.Dispose();
        conditioning.Added?.PooledText.grad?.Dispose();

        Conditioning Encode()
        {
            using var noGrad = no_grad();
            var encoded = model.EncodePrompts(batch.Prompts, steps.Rows, batch.Sizes);
            return new Conditioning(
                Leaf(encoded.EncoderHiddenStates),
                encoded.Added is { } added ? added with { PooledText = Leaf(added.PooledText) } : null
            );
        }
    }

    private static Tensor Leaf(Tensor x) => x.detach().requires_grad_(true);

    private static double Median(List<double> seconds) => seconds.Order().ElementAt((seconds.Count - 1) / 2);
}
