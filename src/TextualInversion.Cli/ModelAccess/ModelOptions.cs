using System.CommandLine;
using TextualInversion.Cli.Infrastructure;

namespace TextualInversion.Cli.ModelAccess;

/// <summary>The options of every command that runs a model: which one, and how to read it.</summary>
internal sealed class ModelOptions
{
    public PathOption Model { get; } =
        new("--model")
        {
            HelpName = "FOLDER|FILE|ID|demo",
            Description =
                "A Stable Diffusion 1, 2 or XL model: a diffusers folder, a single file (.safetensors, .ckpt), "
                + "a hub id "
                + "owner/name[@revision], which is downloaded if the cache does not have it, or demo, the small "
                + "model that "
                + $"ships with ti. Default: the embedding's model, else TI_MODEL, else {ModelLocator.Default}.",
        };

    public NameOption Variant { get; } =
        new("--variant")
        {
            HelpName = "NAME",
            Description =
                "Which weights to load if the model has several, such as fp16. Default: those without a "
                + "variant, else fp16.",
        };

    public PathOption Config { get; } =
        new("--config")
        {
            HelpName = "DIR",
            Description =
                "For a single file: a diffusers folder with its configs, scheduler and tokenizer. Default: the configs "
                + "follow from the file's tensors; the tokenizer comes from the cache or the hub.",
        };

    public PathOption Vae { get; } =
        new("--vae")
        {
            HelpName = "FILE|DIR",
            Description = "Another VAE: a file or a diffusers folder. Default: the model's.",
        };

    public WordOption Prediction { get; } =
        new("--prediction", PredictionTypeNames.Epsilon, PredictionTypeNames.VPrediction)
        {
            Description =
                "What the U-Net was trained to predict. Needed only if the model's files are wrong or do not say it, "
                + "which shows as noise in the images. Default: as the files say; for a single file, found from "
                + "its tensors.",
        };

    public ModelRequest Read(ParseResult parsed) =>
        new(
            parsed.GetValue(Model),
            parsed.GetValue(Variant),
            parsed.GetValue(Config),
            parsed.GetValue(Vae),
            PredictionTypeNames.Parse(parsed.GetValue(Prediction))
        );
}

/// <summary>The model options as given; null if not given. See <see cref="ModelOptions"/>.</summary>
internal sealed record ModelRequest(
    string? Model = null,
    string? Variant = null,
    string? Config = null,
    string? Vae = null,
    PredictionType? Prediction = null
)
{
    /// <summary>As the library takes them.</summary>
    public LoadOptions Options =>
        new()
        {
            Variant = Variant,
            Config = Config,
            Vae = Vae,
            Prediction = Prediction,
        };
}
