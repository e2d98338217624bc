using TextualInversion.Models;
using TextualInversion.Native;
using TextualInversion.Schedulers;
using TextualInversion.Training.Data;
using TextualInversion.Training.Losses;
using TextualInversion.Training.Optimizers;
using static TorchSharp.torch;

namespace TextualInversion.Training;

/// <summary>
/// The training step of textual inversion (Gal et al. 2022, eq. 2): the latent-diffusion loss of images whose prompts
/// contain the placeholder token, its gradient with respect to the token's vectors, and their update. The vectors are
/// the rows of one float32 tensor (n, d) for each text encoder; nothing else is trained. They are updated on the CPU,
/// since they are small, and since a GPU's step then waits for one copy only: of its losses and gradients. Several
/// words that are learned together have their rows one after another in the same tensors. Each has its own optimizer
/// and learning rate, and takes the steps whose prompts name it.
/// </summary>
internal sealed class Learner : IDisposable
{
    private readonly IDiffusionModel model;
    private readonly NoiseSchedule schedule;
    private readonly TrainOptions options;
    private readonly Tensor[] rows; // (n, d) for each text encoder, on the CPU
    private readonly Tensor?[] norms; // (n, 1) for each text encoder, on the CPU, or null if the norm is free
    private readonly DeviceRows deviceRows; // of rows
    private readonly LearnedWords words;
    private readonly ExponentialMovingAverage? average;
    private readonly DeviceRows? deviceAverage;
    private readonly LossScale? lossScale; // null unless the U-Net computes in float16
    private readonly DenoisingLoss denoisingLoss;
    private readonly TimestepWeights? timestepWeights;
    private int optimizerSteps;
    private IReadOnlyList<Tensor>? gradients; // of the step, on the CPU, from ClipGradients until they are discarded

    /// <param name="model">The frozen model.</param>
    /// <param name="schedule">Its noise schedule.</param>
    /// <param name="initialRows">The initial vectors, (n, d) for each text encoder. They are copied.</param>
    /// <param name="options">Valid options.</param>
    public Learner(
        IDiffusionModel model,
        NoiseSchedule schedule,
        IReadOnlyList<Tensor> initialRows,
        TrainOptions options
    )
        : this(model, schedule, [(initialRows, null)], options) { }

    /// <param name="model">The frozen model.</param>
    /// <param name="schedule">Its noise schedule.</param>
    /// <param name="concept">The words to learn, whose initial vectors are copied.</param>
    /// <param name="options">Valid options.</param>
    public Learner(IDiffusionModel model, NoiseSchedule schedule, Concept concept, TrainOptions options)
        : this(model, schedule, [.. concept.Words.Select(word => (word.InitialRows, word.LearningRate))], options) { }

    private Learner(
        IDiffusionModel model,
        NoiseSchedule schedule,
        IReadOnlyList<(IReadOnlyList<Tensor> InitialRows, double? LearningRate)> learned,
        TrainOptions options
    )
    {
        this.model = model;
        this.schedule = schedule;
        this.options = options;
        denoisingLoss = new DenoisingLoss(options.LossType, options.HuberC);
        using var scope = NewDisposeScope();
        timestepWeights = TimestepWeights.Of(schedule, options.LossWeighting, options.SnrGamma);
        rows =
        [
            .. WordRows
                .Join([.. learned.Select(word => word.InitialRows)])
                .Select(row => row.detach().to(ScalarType.Float32, CPU, copy: true).DetachFromDisposeScope()),
        ];
        // The optimizer of directions needs a norm for the vectors.
        var constraint = options is { Optimizer: OptimizerKind.Direction, KeepNorm: NormConstraint.None }
            ? NormConstraint.Vocabulary
            : options.KeepNorm;
        norms = [.. rows.Zip(model.Vocabularies, (row, vocabulary) => Norms(constraint, row, vocabulary))];
        words = new LearnedWords(learned, rows, norms, options, model.Tokenizers[0].VocabularySize);
        RescaleNorms(rows);
        deviceRows = new DeviceRows(rows, model.Device);
        average = options.EmaDecay == 0 ? null : new ExponentialMovingAverage(rows, options.EmaDecay);
        deviceAverage = average is null ? null : new DeviceRows(average.Rows, model.Device);
        lossScale = model.Type == ScalarType.Float16 ? new LossScale() : null;
    }

    /// <summary>
    /// The vectors, or their moving average if there is one: (n, d) for each text encoder, on the model's device.
    /// </summary>
    public IReadOnlyList<Tensor> Rows => (deviceAverage ?? deviceRows).Leaves;

    /// <summary>The same on the CPU. They are not copies: the next step changes them.</summary>
    public IReadOnlyList<Tensor> HostRows => average?.Rows ?? rows;

    /// <summary>The tensors to resume from, by names such as <c>rows.0</c>. They are not copies.</summary>
    public IReadOnlyDictionary<string, Tensor> State
    {
        get
        {
            var state = new Dictionary<string, Tensor>();
            for (var encoder = 0; encoder < rows.Length; encoder++)
            {
                foreach (var (name, tensor) in words.State(encoder))
                    state.Add(name, tensor);

                state.Add(StateNames.Of(StateNames.Rows, encoder), rows[encoder]);
                if (average is not null)
                    state.Add(StateNames.Of(StateNames.Average, encoder), average.Rows[encoder]);
            }

            if (lossScale is not null)
                state.Add(StateNames.LossScale, lossScale.State);
            if (words.Steps is { } steps)
                state.Add(StateNames.WordSteps, steps);
            return state;
        }
    }

    /// <summary>
    /// The gradients accumulated so far, (n, d) for each text encoder: on the model's device, or on the CPU after
    /// <see cref="ClipGradients"/>.
    /// </summary>
    public IReadOnlyList<Tensor> Gradients => gradients ?? deviceRows.Gradients;

    /// <summary>Continues from the state of an earlier learner.</summary>
    /// <exception cref="TextualInversionException">
    /// The state belongs to another optimizer, or its tensors have other shapes.
    /// </exception>
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

        optimizerSteps = state.Step - (lossScale?.SkippedSteps ?? 0);
        UpdateDevice();
    }

    /// <summary>A batch with noise and conditioning. All of it belongs to the caller's dispose scope.</summary>
    public PreparedBatch Prepare(TrainingBatch batch)
    {
        words.Note(batch.Prompts[0]);
        return Prepare(batch, deviceRows.Leaves);
    }

    /// <summary>The loss of a batch, a scalar with a gradient.</summary>
    /// <param name="prepared">The batch.</param>
    /// <param name="prediction">What the U-Net predicts for it, (B, 4, h, w).</param>
    public Tensor Loss(PreparedBatch prepared, Tensor prediction)
    {
        var weights = timestepWeights?.At(prepared.Batch.Timesteps);
        return denoisingLoss.Of(prediction, prepared.Target, prepared.Batch.Mask, weights);
    }

    /// <summary>
    /// The loss of a batch, a scalar with a gradient. It and its intermediate tensors belong to the caller's dispose
    /// scope.
    /// </summary>
    public Tensor Forward(TrainingBatch batch)
    {
        var prepared = Prepare(batch);
        return Loss(prepared, Predict(prepared));
    }

    /// <summary>The squared error of each image of a batch, (B), with a gradient, without timestep weights.</summary>
    public Tensor ForwardEach(TrainingBatch batch) => EachLoss(batch, deviceRows.Leaves);

    /// <summary>Adds the gradient of a batch's loss, divided by the number of batches in a step.</summary>
    public void Backward(Tensor loss)
    {
        using var scope = NewDisposeScope();
        model.Backward(Scaled(loss));
    }

    /// <summary>A loss as <see cref="Backward"/> takes its gradient.</summary>
    public Tensor Scaled(Tensor loss)
    {
        var mean = loss.DividedBy(options.GradientAccumulationSteps);
        return lossScale is null ? mean : mean.Times(lossScale.Scale);
    }

    /// <summary>Sets the gradients to zero.</summary>
    public void DiscardGradients()
    {
        deviceRows.DiscardGradients();
        ReplaceGradients(null);
        words.Forget();
    }

    /// <summary>
    /// The squared error of each image of a batch with any vectors, without timestep weights and without a gradient. It
    /// is the same for all types of loss, so that runs can be compared.
    /// </summary>
    /// <param name="batch">The batch.</param>
    /// <param name="candidate">The vectors, (n, d) for each text encoder.</param>
    public double[] EvaluateEach(TrainingBatch batch, IReadOnlyList<Tensor> candidate)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        return [.. HostCopy.Floats(EachLoss(batch, candidate)).Select(loss => (double)loss)];
    }

    /// <summary>
    /// Copies the gradients to the CPU, divides them by the loss scale, and scales those of a word down if their norm
    /// over all its vectors exceeds <see cref="TrainOptions.MaxGradientNorm"/>. Call it once per step.
    /// </summary>
    /// <param name="losses">
    /// The losses of the step's batches, each a scalar. They are copied together with the gradients, since a copy waits
    /// for the device.
    /// </param>
    /// <returns>The mean loss, and the norm over all vectors before clipping.</returns>
    public (double Loss, double GradientNorm) ClipGradients(IReadOnlyList<Tensor> losses)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var scalars = losses.Select(loss => loss.detach().to(ScalarType.Float32));
        var copies = HostCopy.OfEach([.. scalars, .. deviceRows.Gradients]);
        deviceRows.DiscardGradients();
        ReplaceGradients([.. copies.Skip(losses.Count)]);
        if (lossScale is not null)
        {
            foreach (var gradient in Gradients)
                gradient.MultiplyInPlace(1 / lossScale.Scale);
        }

        var loss = copies.Take(losses.Count).Sum(copy => (double)copy.item<float>()) / losses.Count;
        return (loss, words.Clip(Gradients, options.MaxGradientNorm));
    }

    /// <summary>
    /// If the gradients overflowed in float16: discards them and reduces the loss scale, so that the step is skipped.
    /// </summary>
    /// <param name="gradientNorm">The norm that <see cref="ClipGradients"/> returned.</param>
    /// <returns>Whether the step is skipped.</returns>
    public bool SkipOverflow(double gradientNorm)
    {
        if (lossScale is not { CanShrink: true } || double.IsFinite(gradientNorm))
            return false;
        DiscardGradients();
        lossScale.CountOverflow();
        return true;
    }

    /// <summary>Updates the vectors by their gradients, then sets the gradients to zero.</summary>
    /// <returns>Whether all vectors are finite. If not, they keep the values before the step.</returns>
    public bool Step(double learningRate)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        if (gradients is null)
            ReplaceGradients(HostCopy.OfEach(deviceRows.Gradients));
        Tensor[] changed = [.. rows, .. average?.Rows ?? []];
        var before = changed.Select(row => row.clone()).ToList();
        optimizerSteps++;
        words.Step(Gradients, learningRate, optimizerSteps);
        RescaleNorms(rows);
        average?.Add(rows, optimizerSteps);
        RescaleNorms(average?.Rows ?? []);
        DiscardGradients();
        if (!rows.All(row => row.isfinite().all().item<bool>()))
        {
            foreach (var (row, old) in changed.Zip(before))
                row.copy_(old);
            return false;
        }

        lossScale?.CountStep();
        UpdateDevice();
        return true;
    }

    public void Dispose()
    {
        words.Dispose();
        foreach (var norm in norms)
            norm?.Dispose();
        deviceAverage?.Dispose();
        average?.Dispose();
        lossScale?.Dispose();
        ReplaceGradients(null);
        deviceRows.Dispose();
        foreach (var row in rows)
            row.Dispose();
    }

    private void UpdateDevice()
    {
        deviceRows.Update();
        deviceAverage?.Update();
    }

    private void ReplaceGradients(IReadOnlyList<Tensor>? now)
    {
        foreach (var former in gradients ?? [])
            former.Dispose();
        gradients = now is null ? null : [.. now.Select(each => each.DetachFromDisposeScope())];
    }

    private static Tensor? Norms(NormConstraint constraint, Tensor row, Tensor vocabulary) =>
        NormRescaling.Norms(constraint, row, vocabulary) is { } found
            ? HostCopy.Of(found).DetachFromDisposeScope()
            : null;

    private void RescaleNorms(IReadOnlyList<Tensor> vectors)
    {
        foreach (var (row, norm) in vectors.Zip(norms))
        {
            if (norm is not null)
                NormRescaling.Apply(row, norm);
        }
    }

    private Tensor EachLoss(TrainingBatch batch, IReadOnlyList<Tensor> vectors)
    {
        var prepared = Prepare(batch, vectors);
        return DenoisingLoss.Squared.EachOf(Predict(prepared), prepared.Target, batch.Mask);
    }

    private PreparedBatch Prepare(TrainingBatch batch, IReadOnlyList<Tensor> vectors)
    {
        var timesteps = tensor(batch.Timesteps, device: model.Device);
        var noisy = schedule.AddNoise(batch.Latents, batch.Noise, timesteps);
        var target = schedule.Target(batch.Latents, batch.Noise, timesteps);
        var conditioning = model.EncodePrompts(batch.Prompts, vectors, batch.Sizes);
        return new PreparedBatch(batch, noisy, timesteps, conditioning, target);
    }

    private Tensor Predict(PreparedBatch prepared) =>
        model.PredictNoise(prepared.NoisyLatents, prepared.Timesteps, prepared.Conditioning);
}
