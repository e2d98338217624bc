using TextualInversion.Models;
using TextualInversion.Native;
using TextualInversion.Schedulers;
using TextualInversion.Training.Data;
using TextualInversion.Training.Losses;
using TextualInversion.Training.Optimizers;
using static TorchSharp.torch;

namespace TextualInversion.Training;

/// <summary>
/// The training step of textual inversion (Gal et al. 2022, eq. 2): the latent-diffusion loss of images under prompts
/// with the placeholder, and its gradient with respect to the placeholder's rows. The rows, (n, d) float32 for each
/// text encoder, are the only thing with a gradient and the only thing that moves.
/// </summary>
internal sealed class Learner : IDisposable
{
    private readonly IDiffusionModel model;
    private readonly NoiseSchedule schedule;
    private readonly TrainOptions options;
    private readonly Tensor?[] norms; // (n, 1) for each text encoder
    private readonly Tensor[] rows;
    private readonly IRowOptimizer[] optimizers;
    private readonly ExponentialMovingAverage? average;
    private readonly LossScale? scale; // of a U-Net that computes in float16
    private readonly TimestepWeights? weights;
    private int step; // of the optimizer
    private IReadOnlyList<Tensor>? hostRows;

    /// <param name="model">The frozen model.</param>
    /// <param name="schedule">Its noise.</param>
    /// <param name="initialRows">(n, d) for each text encoder; copied.</param>
    /// <param name="options">Valid options.</param>
    public Learner(
        IDiffusionModel model,
        NoiseSchedule schedule,
        IReadOnlyList<Tensor> initialRows,
        TrainOptions options
    )
    {
        this.model = model;
        this.schedule = schedule;
        this.options = options;
        using var scope = NewDisposeScope();
        weights = TimestepWeights.Of(schedule, options.LossWeighting, options.SnrGamma);
        rows =
        [
            .. initialRows.Select(row =>
                row.detach()
                    .to(ScalarType.Float32, model.Device, copy: true)
                    .DetachFromDisposeScope()
                    .requires_grad_(true)
            ),
        ];
        // A direction has no norm.
        var constraint = options is { Optimizer: OptimizerKind.Direction, KeepNorm: NormConstraint.None }
            ? NormConstraint.Vocabulary
            : options.KeepNorm;
        norms =
        [
            .. rows.Zip(
                model.Vocabularies,
                (row, vocabulary) => NormRescaling.Norms(constraint, row, vocabulary)?.DetachFromDisposeScope()
            ),
        ];
        optimizers = [.. rows.Zip(norms, CreateOptimizer)];
        RescaleNorms(rows);
        average = options.EmaDecay == 0 ? null : new ExponentialMovingAverage(rows, options.EmaDecay);
        scale = model.Type == ScalarType.Float16 ? new LossScale() : null;
    }

    /// <summary>
    /// (n, d) for each text encoder: the rows as they are now, or their moving average if there is one.
    /// </summary>
    public IReadOnlyList<Tensor> Rows => average?.Rows ?? rows;

    /// <summary>Copies of <see cref="Rows"/> on the CPU, made once a step. They change with the next step.</summary>
    public IReadOnlyList<Tensor> HostRows
    {
        get
        {
            if (hostRows is null)
                KeepHostRows(HostCopy.OfEach(Rows));
            return hostRows!;
        }
    }

    /// <summary>Optimizer state for resuming, by names such as <c>rows.0</c>. Not a copy.</summary>
    public IReadOnlyDictionary<string, Tensor> State =>
        rows.SelectMany(
                (each, encoder) =>
                    optimizers[encoder]
                        .State.Append(new(StateNames.Rows, each))
                        .Concat(average is null ? [] : [new(StateNames.Average, average.Rows[encoder])])
                        .Select(pair => (Name: StateNames.Of(pair.Key, encoder), pair.Value))
            )
            .Concat(scale is null ? [] : [(Name: StateNames.LossScale, Value: scale.State)])
            .ToDictionary(pair => pair.Name, pair => pair.Value);

    /// <summary>The gradients accumulated so far, (n, d) for each text encoder.</summary>
    public IReadOnlyList<Tensor> Gradients =>
        [.. rows.Select(row => row.grad ?? throw new InvalidOperationException("nothing was accumulated"))];

    /// <summary>Takes over the state of another learner.</summary>
    /// <exception cref="TextualInversionException">The state is of another optimizer, or of other shapes.</exception>
    public void Restore(TrainState state)
    {
        using var noGrad = no_grad();
        foreach (var (name, own) in State)
        {
            if (!state.Tensors.TryGetValue(name, out var saved) || !saved.shape.SequenceEqual(own.shape))
                throw new TextualInversionException(
                    $"The state to resume from has no {name} of the shape [{string.Join(", ", own.shape)}]; "
                        + "start a new run."
                );
            own.copy_(saved);
        }

        step = state.Step - (scale?.SkippedSteps ?? 0);
        KeepHostRows(null);
    }

    /// <summary>
    /// The loss of a batch, a scalar with a gradient. It and what it is computed from belong to the caller's dispose
    /// scope.
    /// </summary>
    public Tensor Forward(TrainingBatch batch) => Denoise(batch, rows).Loss(weights?.At(batch.Timesteps));

    /// <summary>The loss of each image of a batch, (B), with a gradient, without weights.</summary>
    public Tensor ForwardEach(TrainingBatch batch) => Denoise(batch, rows).EachLoss();

    /// <summary>Adds the gradient of a batch's loss, divided by the number of batches in a step.</summary>
    public void Backward(Tensor loss)
    {
        using var scope = NewDisposeScope();
        var mean = loss.DividedBy(options.GradientAccumulationSteps);
        model.Backward(scale is null ? mean : mean.Times(scale.Scale));
    }

    /// <summary>Forgets the gradients of a step that was taken, or is not taken.</summary>
    public void DiscardGradients()
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        foreach (var row in rows)
            row.grad?.zero_();
    }

    /// <summary>The loss of a batch without weights and without a gradient.</summary>
    public double Evaluate(TrainingBatch batch) => Evaluate(batch, Rows);

    /// <summary>The same of other rows, (n, d) for each text encoder.</summary>
    public double Evaluate(TrainingBatch batch, IReadOnlyList<Tensor> other)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        return HostCopy.Scalars([Denoise(batch, other).Loss(weights: null)])[0];
    }

    /// <summary>The loss of each image of a batch without weights and without a gradient.</summary>
    public double[] EvaluateEach(TrainingBatch batch, IReadOnlyList<Tensor> other)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        return [.. HostCopy.Floats(Denoise(batch, other).EachLoss()).Select(loss => (double)loss)];
    }

    /// <summary>
    /// Takes the loss scale out of the gradients, and scales them down if their norm over all rows exceeds
    /// <see cref="TrainOptions.MaxGradientNorm"/>. To be called once a step.
    /// </summary>
    /// <param name="losses">The losses of the step's batches, each a scalar, which are read with the norm.</param>
    /// <returns>The mean loss, and the norm before it was limited.</returns>
    public (double Loss, double GradientNorm) ClipGradients(IReadOnlyList<Tensor> losses)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        if (scale is not null)
        {
            foreach (var gradient in Gradients)
                gradient.MultiplyInPlace(1 / scale.Scale);
        }

        var values = HostCopy.Scalars([.. losses, .. Gradients.Select(gradient => gradient.Squared().sum())]);
        var loss = values[..losses.Count].Sum(value => (double)value) / losses.Count;
        var norm = Math.Sqrt(values[losses.Count..].Sum());
        if (options.MaxGradientNorm > 0 && norm > options.MaxGradientNorm)
        {
            foreach (var gradient in Gradients)
                gradient.MultiplyInPlace(options.MaxGradientNorm / norm);
        }

        return (loss, norm);
    }

    /// <summary>
    /// Skips the step if its gradients overflowed in float16, and computes with a smaller loss scale from then on.
    /// </summary>
    /// <param name="gradientNorm">See <see cref="ClipGradients"/>.</param>
    /// <returns>Whether it was skipped.</returns>
    public bool SkipOverflow(double gradientNorm)
    {
        if (scale is not { CanShrink: true } || double.IsFinite(gradientNorm))
            return false;
        DiscardGradients();
        scale.CountOverflow();
        return true;
    }

    /// <summary>Updates the rows by their gradients, which are zero afterwards.</summary>
    /// <returns>Whether all rows are finite. If not, they have their former values.</returns>
    public bool Step(double learningRate)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var before = rows.Select(row => row.detach().clone()).ToList();
        step++;
        for (var i = 0; i < rows.Length; i++)
            optimizers[i].Step(Gradients[i], learningRate, step);
        RescaleNorms(rows);
        DiscardGradients();
        var host = HostCopy.OfEach(rows);
        if (!host.All(row => row.isfinite().all().item<bool>()))
        {
            foreach (var (row, old) in rows.Zip(before))
                row.copy_(old);
            return false;
        }

        scale?.CountStep();
        KeepHostRows(average is null ? host : null);
        average?.Add(rows, step);
        if (average is not null)
            RescaleNorms(average.Rows);
        return true;
    }

    public void Dispose()
    {
        foreach (var optimizer in optimizers)
            optimizer.Dispose();
        foreach (var norm in norms)
            norm?.Dispose();
        average?.Dispose();
        scale?.Dispose();
        KeepHostRows(null);
        using var scope = NewDisposeScope();
        foreach (var row in rows)
        {
            row.grad?.Dispose();
            row.Dispose();
        }
    }

    private void KeepHostRows(IReadOnlyList<Tensor>? copies)
    {
        foreach (var former in hostRows ?? [])
            former.Dispose();
        hostRows = copies is null ? null : [.. copies.Select(each => each.DetachFromDisposeScope())];
    }

    private IRowOptimizer CreateOptimizer(Tensor row, Tensor? norm) =>
        options.Optimizer switch
        {
            OptimizerKind.AdamW => new AdamW(row, options.Beta1, options.Beta2, options.Epsilon, options.WeightDecay),
            OptimizerKind.Direction => new RiemannianSgd(row, norm!, options.DirectionPrior),
            _ => throw new ArgumentOutOfRangeException(nameof(row)),
        };

    private void RescaleNorms(IReadOnlyList<Tensor> which)
    {
        foreach (var (row, norm) in which.Zip(norms))
        {
            if (norm is not null)
                NormRescaling.Apply(row, norm);
        }
    }

    private Denoised Denoise(TrainingBatch batch, IReadOnlyList<Tensor> under)
    {
        var timesteps = tensor(batch.Timesteps, device: model.Device);
        var noisy = schedule.AddNoise(batch.Latents, batch.Noise, timesteps);
        var target = schedule.Target(batch.Latents, batch.Noise, timesteps);
        var conditioning = model.EncodePrompts(batch.Prompts, under, batch.Images);
        return new Denoised(batch, model.PredictNoise(noisy, timesteps, conditioning), target);
    }

    /// <param name="Batch">The batch.</param>
    /// <param name="Prediction">What the model predicts for its noisy latents, (B, 4, h, w).</param>
    /// <param name="Target">What it should predict, (B, 4, h, w).</param>
    private readonly record struct Denoised(TrainingBatch Batch, Tensor Prediction, Tensor Target)
    {
        public Tensor Loss(float[]? weights) => DenoisingLoss.Of(Prediction, Target, Batch.Mask, weights);

        public Tensor EachLoss() => DenoisingLoss.EachOf(Prediction, Target, Batch.Mask);
    }
}
