using TextualInversion.Models;
using TextualInversion.Native;
using TextualInversion.Training.Optimizers;
using static TorchSharp.torch;

namespace TextualInversion.Training.Distillation;

/// <summary>The vectors that are learned, float32 on the CPU, with a copy on the model's device and AdamW.</summary>
internal sealed class LearnedRows : IDisposable
{
    private readonly DistillationOptions options;
    private readonly Tensor[] rows; // (n, d) for each text encoder
    private readonly DeviceRows onDevice;
    private readonly AdamW[] optimizers;
    private readonly LossScale? lossScale; // null unless the U-Net computes in float16
    private int steps;

    /// <param name="start">The first values, (n, d) for each text encoder. They are copied.</param>
    /// <param name="model">The frozen model.</param>
    /// <param name="options">The learning rate and the number of steps.</param>
    public LearnedRows(IReadOnlyList<Tensor> start, IDiffusionModel model, DistillationOptions options)
    {
        this.options = options;
        using var scope = NewDisposeScope();
        rows =
        [
            .. start.Select(each => each.detach().to(ScalarType.Float32, CPU, copy: true).DetachFromDisposeScope()),
        ];
        onDevice = new DeviceRows(rows, model.Device);
        optimizers = [.. rows.Select(each => new AdamW(each, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0))];
        lossScale = model.Type == ScalarType.Float16 ? new LossScale() : null;
    }

    /// <summary>(n, d) for each text encoder.</summary>
    public IReadOnlyList<Tensor> OnDevice => onDevice.Leaves;

    /// <summary>Takes a step.</summary>
    /// <param name="loss">Its loss.</param>
    /// <param name="step">The step, counted from 0.</param>
    /// <exception cref="TextualInversionException">The vectors became NaN or infinity.</exception>
    public void Step(IDistillationLoss loss, int step)
    {
        using var scope = NewDisposeScope();
        var value = loss.OfStep(onDevice.Leaves, step);
        loss.Backward(lossScale is null ? value : value.Times(lossScale.Scale));
        var gradients = HostCopy.OfEach(onDevice.Gradients);
        if (lossScale is null || Scaled(gradients, lossScale))
            Update(gradients, step);
        onDevice.DiscardGradients();
    }

    /// <summary>A copy on the CPU, which the caller disposes of.</summary>
    public IReadOnlyList<Tensor> Copy() => [.. rows.Select(each => each.clone().DetachFromDisposeScope())];

    public void Dispose()
    {
        onDevice.Dispose();
        lossScale?.Dispose();
        foreach (var optimizer in optimizers)
            optimizer.Dispose();
        foreach (var each in rows)
            each.Dispose();
    }

    private void Update(IReadOnlyList<Tensor> gradients, int step)
    {
        var rate = options.LearningRate * LearningRate.Cosine((double)step / options.Steps);
        steps++;
        foreach (var (optimizer, gradient) in optimizers.Zip(gradients))
            optimizer.Step(gradient, rate, steps);
        if (!rows.All(each => each.isfinite().all().item<bool>()))
            throw new TextualInversionException(
                $"In step {step + 1} the vectors became NaN or infinity; choose a smaller learning rate, or fp32 "
                    + "precision."
            );
        onDevice.Update();
    }

    /// <returns>Whether the gradients are finite. If not, the step is skipped and the scale reduced.</returns>
    private static bool Scaled(IReadOnlyList<Tensor> gradients, LossScale scale)
    {
        if (scale.CanShrink && !gradients.All(each => each.isfinite().all().item<bool>()))
        {
            scale.CountOverflow();
            return false;
        }

        foreach (var gradient in gradients)
            gradient.MultiplyInPlace(1 / scale.Scale);
        scale.CountStep();
        return true;
    }
}
