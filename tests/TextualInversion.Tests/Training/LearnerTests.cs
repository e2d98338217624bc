using System.Globalization;
using System.Text.Json;
using TextualInversion.Checkpoints;
using TextualInversion.Models;
using TextualInversion.Schedulers;
using TextualInversion.Tests.Fixtures;
using TextualInversion.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace TextualInversion.Tests.Training;

/// <summary>The procedure of diffusers' example step by step, with the noise that it drew.</summary>
[Trait("Category", Goldens.Category)]
public sealed class LearnerTests
{
    private const double Tolerance = 1e-4;
    private const double GradientTolerance = 1e-2; // of a random network it is ill-conditioned at some timesteps; the rows are what counts

    public static TheoryData<string> Files => [.. Directory.EnumerateFiles(Goldens.Folder, "sd1-train-*.safetensors").Select(file => Path.GetFileName(file))];

    [Theory]
    [MemberData(nameof(Files))]
    public void Step_GoldenRun_EqualsDiffusers(string file)
    {
        using var scope = NewDisposeScope();
        var golden = Goldens.Open(file);
        var options = Options(golden);
        using var model = GoldenModel.StableDiffusion();
        var initializer = model.Tokenizer.Encode(golden.Metadata["initializer"]).Single();
        var initial = model.Vocabularies[0][initializer].expand(options.Vectors, -1);
        Goldens.AssertClose(golden.Read("rows0.0"), initial, 0, "initial rows");
        using var learner = new Learner(model, new NoiseSchedule(GoldenModel.SchedulerConfig), [initial], options);
        var losses = golden.Read("losses").data<double>().ToArray();

        for (var step = 0; step < options.Steps; step++)
        {
            for (var i = 0; i < options.Accumulate; i++)
            {
                using var inner = NewDisposeScope();
                var loss = learner.Accumulate(Batch(golden, model, options.Accumulate == 1 ? $"step{step}" : $"step{step}.{i}"));
                Assert.Equal(losses[step * options.Accumulate + i], loss, Tolerance * losses[step * options.Accumulate + i]);
            }

            Goldens.AssertClose(golden.Read($"step{step}.grad0"), learner.Gradients[0], GradientTolerance, $"gradient of step {step}");
            learner.Step(options.LearningRate);
            Goldens.AssertClose(golden.Read($"rows0.{step + 1}"), learner.Rows[0], Tolerance, $"rows after step {step}");
        }
    }

    [Fact]
    public void Step_ManyTimes_KeepsNoTensors()
    {
        using var scope = NewDisposeScope();
        var golden = Goldens.Open(Path.GetFileName(Directory.EnumerateFiles(Goldens.Folder, "sd1-train-*.safetensors").First()));
        var options = Options(golden) with { Accumulate = 1 };
        using var model = GoldenModel.StableDiffusion();
        using var learner = new Learner(model, new NoiseSchedule(GoldenModel.SchedulerConfig), [golden.Read("rows0.0")], options);
        var latents = golden.Read(golden.Tensors.Keys.First(key => key.EndsWith(".latents", StringComparison.Ordinal)));
        var prompts = new PromptTokens(new long[latents.shape[0], 77], []);
        prompts.Ids[0, 1] = model.Tokenizer.VocabularySize;
        var batch = new TrainingBatch(latents, randn_like(latents), new long[latents.shape[0]], prompts);
        long LiveAfterOneMore()
        {
            learner.Accumulate(batch);
            learner.Step(options.LearningRate);
            return DisposeScopeManager.Statistics.ThreadTotalLiveCount;
        }

        var first = LiveAfterOneMore();
        for (var i = 0; i < 5; i++) Assert.Equal(first, LiveAfterOneMore());
    }

    /// <summary>The batch with its latents made from the pixels and the posterior's noise, which must give the golden latents too.</summary>
    private static TrainingBatch Batch(SafetensorsFile golden, StableDiffusion1 model, string key)
    {
        var pixels = golden.Read("pixels").index_select(0, golden.Read($"{key}.image_index"));
        var latents = model.EncodePictures(pixels).Sample(golden.Read($"{key}.posterior_noise"));
        Goldens.AssertClose(golden.Read($"{key}.latents"), latents, Tolerance, $"latents of {key}");
        var ids = golden.Read($"{key}.ids0");
        var array = new long[ids.shape[0], ids.shape[1]];
        Buffer.BlockCopy(ids.data<long>().ToArray(), 0, array, 0, array.Length * sizeof(long));
        return new TrainingBatch(latents, golden.Read($"{key}.noise"), golden.Read($"{key}.timesteps").data<long>().ToArray(), new PromptTokens(array, []));
    }

    private static TrainOptions Options(SafetensorsFile golden)
    {
        var optimizer = JsonDocument.Parse(golden.Metadata["optimizer"]).RootElement;
        Assert.Equal("AdamW", optimizer.GetProperty("name").GetString());
        return new TrainOptions
        {
            Vectors = Int("vectors"),
            Steps = Int("steps"),
            Batch = Int("batch"),
            Accumulate = Int("accumulate"),
            LearningRate = double.Parse(golden.Metadata["lr"], CultureInfo.InvariantCulture),
            Beta1 = optimizer.GetProperty("betas")[0].GetDouble(),
            Beta2 = optimizer.GetProperty("betas")[1].GetDouble(),
            Epsilon = optimizer.GetProperty("eps").GetDouble(),
            WeightDecay = optimizer.GetProperty("weight_decay").GetDouble(),
        };

        int Int(string key) => int.Parse(golden.Metadata[key], CultureInfo.InvariantCulture);
    }
}
