using TextualInversion.Checkpoints;
using TextualInversion.Models;
using TextualInversion.Models.Autoencoders;
using TextualInversion.Models.Clip;
using TextualInversion.Models.Tokenizers;
using TextualInversion.Models.Unets;
using TextualInversion.Schedulers;
using TextualInversion.Tensors;
using static TorchSharp.torch;

namespace TextualInversion.Tests.Fixtures;

/// <summary>
/// A reference model of <c>goldens/models</c>, in float32 on the CPU, and the files with its reference values.
/// </summary>
internal sealed class GoldenModel(string name)
{
    /// <summary>All models with reference values of their networks.</summary>
    public static TheoryData<string> Names =>
        [
            .. Directory
                .EnumerateDirectories(Goldens.Path("models"))
                .Select(folder => Path.GetFileName(folder)!)
                .Where(name =>
                    File.Exists(Goldens.Path($"{name}.safetensors"))
                    && Directory.Exists(Goldens.Path("models", name, "unet"))
                )
                .Order(),
        ];

    public ModelFolder Folder { get; } = new(Goldens.Path("models", name));

    /// <summary>The reference prompts, states, predictions and images.</summary>
    public SafetensorsFile Numbers => Goldens.Open($"{name}.safetensors");

    public SchedulerConfig SchedulerConfig =>
        SchedulerConfig.Parse(Folder.ReadText("scheduler/scheduler_config.json"), "scheduler_config.json");

    /// <summary>
    /// The suffixes of the text encoders' and tokenizers' names: empty, and <c>_2</c> for the second.
    /// </summary>
    public IReadOnlyList<string> TextSuffixes => Folder.Family == ModelFamily.StableDiffusionXl ? ["", "_2"] : [""];

    /// <summary>The files of a kind, such as <c>train-*</c>, of all models.</summary>
    public static TheoryData<string> Files(string kind) =>
        [
            .. Directory
                .EnumerateFiles(Goldens.Folder, $"*-{kind}.safetensors")
                .Select(file => Path.GetFileName(file))
                .Order(),
        ];

    /// <summary>The model that a file belongs to: <c>sd1</c> for <c>sd1-train-1.safetensors</c>.</summary>
    public static GoldenModel Of(string file) => new(file[..file.IndexOf('-', StringComparison.Ordinal)]);

    public IDiffusionModel Open(bool gradientCheckpointing = false) =>
        DiffusionModel.Open(Folder, CPU, ScalarType.Float32, gradientCheckpointing);

    public ClipTextEncoder TextEncoder(string suffix = "") =>
        new(
            Folder.Config<ClipTextConfig>("text_encoder" + suffix),
            Folder.Weights("text_encoder" + suffix),
            CPU,
            hasProjection: suffix.Length > 0
        );

    public ClipTokenizer Tokenizer(string suffix = "") =>
        ClipTokenizer.Load(Folder.TokenizerFolder("tokenizer" + suffix));

    public UNet UNet(ScalarType type = ScalarType.Float32) =>
        new(Folder.Config<UNetConfig>("unet"), Folder.Weights("unet"), type, CPU);

    public VaeEncoder VaeEncoder() => new(Folder.Config<VaeConfig>("vae"), Folder.Weights("vae"), CPU);

    public VaeDecoder VaeDecoder() => new(Folder.Config<VaeConfig>("vae"), Folder.Weights("vae"), CPU);
}
