using System.Globalization;
using System.Text.Json;
using TextualInversion.Models;
using TextualInversion.Models.Tokenizers;
using TextualInversion.Schedulers;
using TextualInversion.Tensors;
using TextualInversion.Tests.Fixtures;
using TextualInversion.Training;
using TextualInversion.Training.Data;
using TorchSharp;
using static TorchSharp.torch;

namespace TextualInversion.Tests.Training;

/// <summary>Follows diffusers' example step by step, with the noise that it drew.</summary>
[Trait("Category", Goldens.Category)]
public sealed class LearnerTests
{
    private const double Tolerance = 1e-4;

    // Random networks are ill-conditioned at some timesteps: the order of a sum alone changes a gradient by 2 %. The
    // vectors are what counts.
    private const double GradientTolerance = 5e-2;

    public static TheoryData<string> Files => GoldenModel.Files("train-*");

    [Theory]
    [MemberData(nameof(Files))]
    public void Step_GoldenRun_EqualsDiffusers(string file)
    {
        using var scope = NewDisposeScope();
        var golden = Goldens.Open(file);
        var options = Options(golden);
        using var model = GoldenModel.Of(file).Open(false);
        using var learner = new Learner(
            model,
            new NoiseSchedule(GoldenModel.Of(file).SchedulerConfig),
            InitialRows(golden, model, options.VectorCount),
            options
        );
        var losses = golden.Read("losses").data<double>().ToArray();

        for (var step = 0; step < options.Steps; step++)
        {
            for (var i = 0; i < options.GradientAccumulationSteps; i++)
            {
                using var inner = NewDisposeScope();
                var loss = Accumulate(
                    learner,
                    Batch(golden, model, options.GradientAccumulationSteps == 1 ? $"step{step}" : $"step{step}.{i}")
                );
                Assert.Equal(
                    losses[step * options.GradientAccumulationSteps + i],
                    loss,
                    Tolerance * losses[step * options.GradientAccumulationSteps + i]
                );
            }

            foreach (var (encoder, gradient) in learner.Gradients.Index())
                Goldens.AssertClose(
                    golden.Read($"step{step}.grad{encoder}"),
                    gradient,
                    GradientTolerance,
                    $"gradient {encoder} of step {step}"
                );
            learner.Step(options.LearningRate);
            foreach (var (encoder, rows) in learner.Rows.Index())
                Goldens.AssertClose(
                    golden.Read($"rows{encoder}.{step + 1}"),
                    rows,
                    Tolerance,
                    $"rows {encoder} after step {step}"
                );
        }
    }

    [Theory]
    [MemberData(nameof(Files))]
    public void Accumulate_GradientCheckpointing_GivesTheSameToTheLastBit(string file)
    {
        using var scope = NewDisposeScope();
        var golden = Goldens.Open(file);
        var options = Options(golden);
        (double Loss, List<float[]> Gradients) Run(bool gradientCheckpointing)
        {
            using var model = GoldenModel.Of(file).Open(gradientCheckpointing);
            using var learner = new Learner(
                model,
                new NoiseSchedule(GoldenModel.Of(file).SchedulerConfig),
                InitialRows(golden, model, options.VectorCount),
                options
            );
            var loss = Accumulate(learner, Batch(golden, model, FirstBatch(golden)));
            return (loss, [.. learner.Gradients.Select(gradient => gradient.data<float>().ToArray())]);
        }

        var kept = Run(false);
        var recomputed = Run(true);

        Assert.Equal(kept.Loss, recomputed.Loss);
        Assert.Equal(kept.Gradients, recomputed.Gradients);
    }

    [Theory]
    [MemberData(nameof(Files))]
    public void Step_ManyTimes_KeepsNoTensors(string file) => AssertKeepsNoTensors(file, false);

    [Theory]
    [MemberData(nameof(Files))]
    public void Step_GradientCheckpointingManyTimes_KeepsNoTensors(string file) => AssertKeepsNoTensors(file, true);

    private static void AssertKeepsNoTensors(string file, bool gradientCheckpointing)
    {
        using var scope = NewDisposeScope();
        var golden = Goldens.Open(file);
        var options = Options(golden) with { GradientAccumulationSteps = 1 };
        using var model = GoldenModel.Of(file).Open(gradientCheckpointing);
        using var learner = new Learner(
            model,
            new NoiseSchedule(GoldenModel.Of(file).SchedulerConfig),
            InitialRows(golden, model, options.VectorCount),
            options
        );
        var batch = Batch(golden, model, FirstBatch(golden));
        long LiveAfterOneMore()
        {
            Accumulate(learner, batch);
            learner.Step(options.LearningRate);
            return DisposeScopeManager.Statistics.ThreadTotalLiveCount;
        }

        var first = LiveAfterOneMore();
        for (var i = 0; i < 5; i++)
            Assert.Equal(first, LiveAfterOneMore());
    }

    private static double Accumulate(Learner learner, TrainingBatch batch)
    {
        using var scope = NewDisposeScope();
        var loss = learner.Forward(batch);
        learner.Backward(loss);
        return loss.item<float>();
    }

    private static string FirstBatch(SafetensorsFile golden) =>
        golden.Tensors.Keys.Where(key => key.EndsWith(".latents", StringComparison.Ordinal)).Order().First()[
            ..^".latents".Length
        ];

    /// <summary>
    /// The initializer's embedding for each text encoder, repeated for each vector. The reference file contains it too.
    /// </summary>
    private static List<Tensor> InitialRows(SafetensorsFile golden, IDiffusionModel model, int vectors)
    {
        var initial = model
            .Tokenizers.Zip(
                model.Vocabularies,
                (tokenizer, vocabulary) =>
                    vocabulary[tokenizer.Encode(golden.Metadata["initializer"]).Single()].expand(vectors, -1)
            )
            .ToList();
        foreach (var (encoder, rows) in initial.Index())
            Goldens.AssertClose(golden.Read($"rows{encoder}.0"), rows, 0, $"initial rows {encoder}");
        return initial;
    }

    /// <summary>
    /// The batch, with latents made from the pixels and the posterior noise; they must equal the reference latents too.
    /// </summary>
    private static TrainingBatch Batch(SafetensorsFile golden, IDiffusionModel model, string key)
    {
        var pixels = golden.Read("pixels").index_select(0, golden.Read($"{key}.image_index"));
        var latents = model.EncodeImages(pixels).Sample(golden.Read($"{key}.posterior_noise"));
        Goldens.AssertClose(golden.Read($"{key}.latents"), latents, Tolerance, $"latents of {key}");
        var prompts = model
            .Tokenizers.Select((tokenizer, encoder) => Prompts(golden.Read($"{key}.ids{encoder}"), tokenizer))
            .ToList();
        var whole = SizeConditioning.Whole((int)pixels.shape[2], (int)pixels.shape[3]);
        return new TrainingBatch(
            latents,
            golden.Read($"{key}.noise"),
            golden.Read($"{key}.timesteps").data<long>().ToArray(),
            prompts,
            [.. Enumerable.Repeat(whole, (int)pixels.shape[0])]
        );
    }

    private static PromptTokens Prompts(Tensor ids, ClipTokenizer tokenizer)
    {
        var array = new long[ids.shape[0], ids.shape[1]];
        Buffer.BlockCopy(ids.data<long>().ToArray(), 0, array, 0, array.Length * sizeof(long));
        return new PromptTokens(
            array,
            ids.eq(tokenizer.EndOfText).to(ScalarType.Int64).argmax(1).data<long>().ToArray()
        );
    }

    private static TrainOptions Options(SafetensorsFile golden)
    {
        var optimizer = JsonDocument.Parse(golden.Metadata["optimizer"]).RootElement;
        Assert.Equal("AdamW", optimizer.GetProperty("name").GetString());
        return new TrainOptions
        {
            LossWeighting = LossWeighting.None,
            Vectors = Int("vectors"),
            Steps = Int("steps"),
            BatchSize = Int("batch"),
            GradientAccumulationSteps = Int("accumulate"),
            LearningRate = double.Parse(golden.Metadata["lr"], CultureInfo.InvariantCulture),
            Beta1 = optimizer.GetProperty("betas")[0].GetDouble(),
            Beta2 = optimizer.GetProperty("betas")[1].GetDouble(),
            Epsilon = optimizer.GetProperty("eps").GetDouble(),
            WeightDecay = optimizer.GetProperty("weight_decay").GetDouble(),
        };

        int Int(string key) => int.Parse(golden.Metadata[key], CultureInfo.InvariantCulture);
    }
}
