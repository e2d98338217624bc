using System.Diagnostics;
using TextualInversion.Data;
using TextualInversion.Models.Tokenizers;
using TextualInversion.Schedulers;
using TextualInversion.Training;
using TextualInversion.Training.Data;
using TextualInversion.Training.Initializers;
using static TorchSharp.torch;

namespace TextualInversion.Cli.Bench;

/// <summary>The steps of a training on one image.</summary>
internal sealed class BenchSteps : IDisposable
{
    private const string Word = "cat";

    private readonly TimedModel model;
    private readonly TrainOptions options;
    private readonly InitialEmbedding initial;
    private readonly Learner learner;
    private readonly BatchSampler batches;

    /// <param name="model">The model.</param>
    /// <param name="schedule">Its noise schedule.</param>
    /// <param name="latents">The encoded image.</param>
    /// <param name="image">The image.</param>
    /// <param name="plan">The options of the training.</param>
    public BenchSteps(
        TimedModel model,
        NoiseSchedule schedule,
        LatentDataset latents,
        TrainingImage image,
        BenchPlan plan
    )
    {
        (this.model, options) = (model, plan.Options);
        initial = InitialEmbedding.Of(Word, options.VectorCount, model);
        var prompts = new PromptSource([image], ["a photo of {}"], Word, options);
        var concept = new Concept(Placeholder.Parse("ti-bench", options.VectorCount), initial.Rows, latents, prompts);
        learner = new Learner(model, schedule, concept, options);
        batches = new BatchSampler(
            latents,
            prompts,
            new PromptTokenizers(model.Tokenizers, concept.Placeholders),
            options,
            schedule.Config.NumTrainTimesteps
        );
    }

    /// <summary>The vectors, (n, d) for each text encoder.</summary>
    public IReadOnlyList<Tensor> Rows => learner.Rows;

    /// <summary>A batch, which belongs to the caller's dispose scope.</summary>
    public TrainingBatch Batch(int number) => batches.Sample((long)number);

    /// <summary>Takes a step and measures it.</summary>
    public StepTimes Take(int number)
    {
        model.Reset();
        var clock = Stopwatch.StartNew();
        double norm;
        using (NewDisposeScope())
        {
            var loss = learner.Forward(Batch(number));
            learner.Backward(loss);
            norm = learner.ClipGradients([loss]).GradientNorm;
        }

        if (!learner.SkipOverflow(norm))
            learner.Step(options.LearningRate);
        model.WaitForDevice();
        var seconds = clock.Elapsed.TotalSeconds;
        return new StepTimes(
            seconds,
            model.Seconds(ModelWork.EncodePrompts),
            model.Seconds(ModelWork.PredictNoise),
            model.Seconds(ModelWork.Backward),
            options.BatchSize / seconds
        );
    }

    public void Dispose()
    {
        learner.Dispose();
        initial.Dispose();
    }
}
