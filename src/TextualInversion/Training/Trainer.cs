using System.Diagnostics;
using TextualInversion.Data;
using TextualInversion.Models;
using TextualInversion.Native;
using TextualInversion.Schedulers;
using static TorchSharp.torch;

namespace TextualInversion.Training;

/// <summary>Textual inversion (Gal et al. 2022): learns the rows of one placeholder from a few pictures, the model frozen.</summary>
public sealed class Trainer(IDiffusionModel model, NoiseSchedule schedule, TrainOptions options)
{
    // What was handed back has to be faulted in again: not too often.
    private static readonly TimeSpan TrimInterval = TimeSpan.FromSeconds(30);

    private readonly Dictionary<ModelPart, string> hashesBefore = [];
    private readonly Dictionary<string, FrozenHash> hashes = [];

    /// <param name="placeholder">what the rows stand for</param>
    /// <param name="initialRows">(n, d) for each text encoder: where the rows start</param>
    /// <param name="pictures">three to five, all of one size</param>
    /// <param name="prompts">the sentences for them</param>
    /// <param name="progress">told of every step</param>
    /// <param name="cancellationToken">ends the run after the batch at hand; what was learned is kept</param>
    /// <exception cref="InvalidOperationException">The base model changed.</exception>
    public TrainResult Run(
        Placeholder placeholder, IReadOnlyList<Tensor> initialRows, IReadOnlyList<TrainingPicture> pictures, PromptSource prompts,
        IProgress<TrainProgress> progress, CancellationToken cancellationToken)
    {
        options.Validate();
        HashBefore(ModelPart.VaeEncoder);
        using var set = new TrainingSet(model, pictures, options, cancellationToken);
        HashAfter(ModelPart.VaeEncoder);
        model.ReleaseVae();
        Allocator.Trim();

        var steppedThrough = model.Parts.Where(part => part != ModelPart.VaeEncoder).ToList();
        steppedThrough.ForEach(HashBefore);
        var batches = new BatchSource(set, prompts, new PromptTokenizers(model.Tokenizers, [placeholder]), options, schedule.Config.NumTrainTimesteps);
        using var learner = new Learner(model, schedule, initialRows, options);
        var (losses, seconds) = (new List<double>(), new List<double>());
        var sinceTrim = Stopwatch.StartNew();
        var end = TrainingEnd.Completed;
        for (var step = 0; step < options.Steps; step++)
        {
            var clock = Stopwatch.StartNew();
            var loss = Accumulate(learner, batches, step, cancellationToken);
            if (cancellationToken.IsCancellationRequested)
            {
                end = TrainingEnd.Cancelled;
                break;
            }

            var gradientNorm = learner.GradientNorm();
            if (!double.IsFinite(loss) || !double.IsFinite(gradientNorm))
            {
                end = TrainingEnd.Diverged;
                break;
            }

            var learningRate = LearningRate.At(options, step);
            learner.Step(learningRate);
            if (sinceTrim.Elapsed >= TrimInterval)
            {
                Allocator.Trim();
                sinceTrim.Restart();
            }

            losses.Add(loss);
            seconds.Add(clock.Elapsed.TotalSeconds);
            progress.Report(new TrainProgress(step + 1, options.Steps, loss, learningRate, gradientNorm, Drift(learner.Rows, initialRows), seconds[^1]));
        }

        steppedThrough.ForEach(HashAfter);
        return new TrainResult
        {
            End = end,
            Rows = [.. learner.Rows.Select(rows => rows.detach().to(ScalarType.Float32, CPU, copy: true).DetachFromDisposeScope())],
            Steps = losses.Count,
            Loss = losses.Count == 0 ? double.NaN : losses.TakeLast(Math.Max(1, losses.Count / 10)).Average(),
            StepMedianSeconds = seconds.Count == 0 ? 0 : seconds.Order().ElementAt(seconds.Count / 2),
            BaseWeights = hashes,
        };
    }

    /// <summary>The batches of one step.</summary>
    /// <returns>their mean loss</returns>
    private double Accumulate(Learner learner, BatchSource batches, int step, CancellationToken cancellationToken)
    {
        var loss = 0.0;
        for (var i = 0; i < options.Accumulate && !cancellationToken.IsCancellationRequested; i++)
        {
            using var scope = NewDisposeScope();
            loss += learner.Accumulate(batches.Draw((long)step * options.Accumulate + i, model.Device));
        }

        return loss / options.Accumulate;
    }

    private static List<double> Drift(IReadOnlyList<Tensor> rows, IReadOnlyList<Tensor> initialRows)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        return [.. rows.Zip(initialRows).SelectMany(pair => (pair.First - pair.Second.to(pair.First.device)).norm(1).cpu().data<float>().ToArray().Select(norm => (double)norm))];
    }

    private void HashBefore(ModelPart part) => hashesBefore[part] = model.Hash(part);

    private void HashAfter(ModelPart part)
    {
        var hash = new FrozenHash(hashesBefore[part], model.Hash(part));
        if (hash.Before != hash.After) throw new InvalidOperationException($"the frozen {part} changed during training");
        hashes[part.ToString()] = hash;
    }
}
