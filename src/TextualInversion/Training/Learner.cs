using TextualInversion.Models;
using TextualInversion.Schedulers;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace TextualInversion.Training;

/// <summary>
/// The training step of textual inversion (Gal et al. 2022, eq. 2): the latent-diffusion loss of pictures under prompts with the
/// placeholder, and its gradient with respect to the placeholder's rows. The rows, (n, d) float32 for each text encoder, are the only
/// thing with a gradient and the only thing that moves.
/// </summary>
internal sealed class Learner : IDisposable
{
    private readonly IDiffusionModel model;
    private readonly NoiseSchedule schedule;
    private readonly int accumulate;
    private readonly Tensor[] rows;
    private readonly AdamW[] optimizers;

    /// <param name="model">The frozen model.</param>
    /// <param name="schedule">Its noise.</param>
    /// <param name="initialRows">(n, d) for each text encoder; copied.</param>
    /// <param name="options">The optimiser's numbers and the accumulation.</param>
    public Learner(IDiffusionModel model, NoiseSchedule schedule, IReadOnlyList<Tensor> initialRows, TrainOptions options)
    {
        this.model = model;
        this.schedule = schedule;
        accumulate = options.Accumulate;
        rows = [.. initialRows.Select(row => row.detach().to(ScalarType.Float32, model.Device, copy: true).DetachFromDisposeScope().requires_grad_(true))];
        optimizers = [.. rows.Select(row => new AdamW(row, options.Beta1, options.Beta2, options.Epsilon, options.WeightDecay))];
    }

    /// <summary>(n, d) for each text encoder, as they are now.</summary>
    public IReadOnlyList<Tensor> Rows => rows;

    /// <summary>The gradients accumulated so far, of the rows' shapes.</summary>
    public IReadOnlyList<Tensor> Gradients => [.. rows.Select(row => row.grad ?? throw new InvalidOperationException("nothing was accumulated"))];

    /// <summary>Adds the gradient of one batch's loss, divided by the number of batches in a step.</summary>
    /// <returns>the batch's loss, not divided</returns>
    public double Accumulate(TrainingBatch batch)
    {
        using var scope = NewDisposeScope();
        var loss = Loss(batch);
        model.Backward(accumulate == 1 ? loss : loss / accumulate);
        return loss.item<float>();
    }

    /// <summary>One batch's loss, without gradients.</summary>
    public double Evaluate(TrainingBatch batch)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        return Loss(batch).item<float>();
    }

    /// <summary>The length of the accumulated gradient, over all rows.</summary>
    public double GradientNorm()
    {
        using var scope = NewDisposeScope();
        return Math.Sqrt(Gradients.Sum(gradient => gradient.square().sum().item<float>()));
    }

    /// <summary>Moves the rows and forgets the gradients.</summary>
    public void Step(double learningRate)
    {
        using var scope = NewDisposeScope();
        for (var i = 0; i < rows.Length; i++) optimizers[i].Step(Gradients[i], learningRate);
        foreach (var gradient in Gradients) gradient.zero_();
    }

    public void Dispose()
    {
        foreach (var optimizer in optimizers) optimizer.Dispose();
        foreach (var row in rows)
        {
            row.grad?.Dispose();
            row.Dispose();
        }
    }

    private Tensor Loss(TrainingBatch batch)
    {
        var timesteps = tensor(batch.Timesteps, device: model.Device);
        var noisy = schedule.AddNoise(batch.Latents, batch.Noise, timesteps);
        var target = schedule.Target(batch.Latents, batch.Noise, timesteps);
        var conditioning = model.EncodePrompts(batch.Prompts, rows, batch.Pictures);
        return F.mse_loss(model.PredictNoise(noisy, timesteps, conditioning), target);
    }
}
