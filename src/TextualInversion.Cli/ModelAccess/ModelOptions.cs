using System.CommandLine;
using TextualInversion.Cli.Infrastructure;

namespace TextualInversion.Cli.ModelAccess;

/// <summary>The options of every command that runs a model: which one, and what about it is not as its files say.</summary>
internal sealed class ModelOptions
{
    private const string Epsilon = "epsilon",
        V = "v_prediction";

    public PathOption Model { get; } =
        new("--model")
        {
            HelpName = "FOLDER|FILE|ID|demo",
            Description =
                "A Stable Diffusion 1, 2 or XL: a diffusers folder, a single file (.safetensors, .ckpt), a hub id owner/name[@revision], which is downloaded if the cache lacks it, "
                + $"or demo, the small model that ships with ti. Default: the embedding's, TI_MODEL, {ModelLocator.Default}.",
        };

    public NameOption Variant { get; } =
        new("--variant")
        {
            HelpName = "NAME",
            Description =
                "The weights to take where the model has several, such as fp16. Default: those without a variant, else fp16.",
        };

    public PathOption Config { get; } =
        new("--config")
        {
            HelpName = "DIR",
            Description =
                "For a single file: a diffusers folder whose configs, scheduler and tokenizer belong to it. Default: told from its tensors; the tokenizer from the cache or the hub.",
        };

    public PathOption Vae { get; } =
        new("--vae")
        {
            HelpName = "FILE|DIR",
            Description = "Another VAE, as a file or a diffusers folder. Default: the model's.",
        };

    public WordOption Prediction { get; } =
        new("--prediction", Epsilon, V)
        {
            Description =
                "What the U-Net was trained to predict, where its files are wrong or say nothing. Default: what they say; for a single file, what its tensors show.",
        };

    public ModelRequest Read(ParseResult parsed) =>
        new(
            parsed.GetValue(Model),
            parsed.GetValue(Variant),
            parsed.GetValue(Config),
            parsed.GetValue(Vae),
            parsed.GetValue(Prediction)
        );

    /// <summary>What <c>--prediction</c> says; null where it is not given.</summary>
    public PredictionType? Forced(ParseResult parsed) => Forced(Read(parsed));

    /// <summary>The same of a request.</summary>
    public static PredictionType? Forced(ModelRequest request) =>
        request.Prediction switch
        {
            null => null,
            V => PredictionType.VPrediction,
            _ => PredictionType.Epsilon,
        };
}

/// <summary>What the user said of the model; null where nothing. See <see cref="ModelOptions"/>.</summary>
internal sealed record ModelRequest(
    string? Model = null,
    string? Variant = null,
    string? Config = null,
    string? Vae = null,
    string? Prediction = null
);
