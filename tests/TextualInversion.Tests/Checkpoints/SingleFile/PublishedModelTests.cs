using System.Text.Json.Nodes;
using TextualInversion.Checkpoints.SingleFile;
using TextualInversion.Models.Unets;
using TextualInversion.Schedulers;
using TextualInversion.Tensors;
using TextualInversion.Tests.Fixtures;
using static TorchSharp.torch;

namespace TextualInversion.Tests.Checkpoints.SingleFile;

/// <summary>Configs that are inferred from the tensors of published models.</summary>
public sealed class PublishedModelTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData(ModelVersion.StableDiffusion1)]
    [InlineData(ModelVersion.StableDiffusion2)]
    [InlineData(ModelVersion.StableDiffusionXl)]
    internal void Config_OfAPublishedModel_IsToldFromItsTensors(ModelVersion line)
    {
        var published = PublishedCheckpoint.Configs(line);
        var model = new SingleFileModel(new LdmCheckpoint(ShapesOnly.Published(line, spread: 0.2)), NoTokenizers);
        foreach (var (part, config) in published)
            Assert.True(
                JsonNode.DeepEquals(config, model.Config<JsonNode>(part)),
                $"{part}: {model.Config<JsonNode>(part)}"
            );
    }

    [Theory]
    [InlineData(ModelVersion.StableDiffusion1, 0.2, PredictionType.Epsilon, 64)]
    [InlineData(ModelVersion.StableDiffusion2, 0.2, PredictionType.VPrediction, 96)]
    [InlineData(ModelVersion.StableDiffusion2, 0.05, PredictionType.Epsilon, 64)]
    [InlineData(ModelVersion.StableDiffusionXl, 0.2, PredictionType.Epsilon, 128)]
    [InlineData(ModelVersion.StableDiffusionXl, 0.2, PredictionType.VPrediction, 128, "v_pred")]
    internal void Prediction_OfAPublishedModel_IsToldFromItsTensors(
        ModelVersion line,
        double spread,
        PredictionType expected,
        int sampleSize,
        params string[] marks
    )
    {
        var model = new SingleFileModel(new LdmCheckpoint(ShapesOnly.Published(line, spread, marks)), NoTokenizers);
        var scheduler = Scheduler(model);
        Assert.Equal((expected, false), (scheduler.PredictionType, scheduler.RescaleBetasZeroSnr));
        Assert.Equal(
            (0.00085, 0.012, BetaSchedule.ScaledLinear, 1000, 1, false),
            (
                scheduler.BetaStart,
                scheduler.BetaEnd,
                scheduler.BetaSchedule,
                scheduler.NumTrainTimesteps,
                scheduler.StepsOffset,
                scheduler.ClipSample
            )
        );
        Assert.Equal(sampleSize, model.Config<UNetConfig>("unet").SampleSize);
    }

    [Fact]
    public void Prediction_MarkedAsZeroSnr_RescalesAndBeginsAtTheLastTimestep()
    {
        var scheduler = Scheduler(
            new SingleFileModel(
                new LdmCheckpoint(ShapesOnly.Published(ModelVersion.StableDiffusionXl, 0.2, "v_pred", "ztsnr")),
                NoTokenizers
            )
        );
        Assert.Equal(
            (PredictionType.VPrediction, true, TimestepSpacing.Trailing),
            (scheduler.PredictionType, scheduler.RescaleBetasZeroSnr, scheduler.TimestepSpacing)
        );
    }

    [Fact]
    public void Prediction_Forced_IsTakenAsSaid()
    {
        var model = new SingleFileModel(
            new LdmCheckpoint(ShapesOnly.Published(ModelVersion.StableDiffusion2, 0.2)),
            NoTokenizers,
            "epsilon"
        );
        Assert.Equal(
            (PredictionType.Epsilon, 64),
            (Scheduler(model).PredictionType, model.Config<UNetConfig>("unet").SampleSize)
        );
    }

    [Theory]
    [InlineData("v", PredictionType.VPrediction)]
    [InlineData("epsilon", PredictionType.Epsilon)]
    public void Prediction_InTheMetadata_IsTakenAsSaid(string said, PredictionType expected)
    {
        using var scope = NewDisposeScope();
        var path = folder.File("model.safetensors");
        SafetensorsFile.Write(
            path,
            new Dictionary<string, Tensor> { ["a"] = zeros(1) },
            new Dictionary<string, string> { ["modelspec.prediction_type"] = said },
            overwrite: false
        );
        Assert.Equal(
            expected == PredictionType.VPrediction ? "v_prediction" : "epsilon",
            PredictionTypeDetector.Detect(
                SafetensorsFile.Open(path),
                ModelVersion.StableDiffusion2,
                () => throw new InvalidOperationException()
            )
        );
    }

    [Fact]
    public void Weights_OfAPublishedModel_HaveTheShapesOfTheirConfigs()
    {
        var checkpoint = new LdmCheckpoint(ShapesOnly.Published(ModelVersion.StableDiffusion2, 0.2));
        var text = checkpoint.Part("text_encoder").Tensors;
        Assert.Equal([1024L, 1024], text["text_model.encoder.layers.22.self_attn.k_proj.weight"].Shape);
        Assert.Equal([1024L], text["text_model.encoder.layers.22.self_attn.v_proj.bias"].Shape);
        Assert.DoesNotContain(
            text.Keys,
            name =>
                name.Contains(".layers.23.", StringComparison.Ordinal)
                || name.Contains("projection", StringComparison.Ordinal)
        );
        Assert.Equal(
            [512L, 512],
            checkpoint.Part("vae").Tensors["encoder.mid_block.attentions.0.to_out.0.weight"].Shape
        );
    }

    private static Dictionary<string, string> NoTokenizers => [];

    private static SchedulerConfig Scheduler(SingleFileModel model) =>
        SchedulerConfig.Parse(model.ReadText("scheduler/scheduler_config.json"), "scheduler_config.json");
}
