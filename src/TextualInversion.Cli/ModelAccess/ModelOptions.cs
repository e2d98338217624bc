using System.CommandLine;
using TextualInversion.Cli.Infrastructure;

namespace TextualInversion.Cli.ModelAccess;

/// <summary>The options of every command that runs a model: which one, and how to read it.</summary>
/// <param name="defaultModel">The default of <c>--model</c>, as the help says it.</param>
internal sealed class ModelOptions(string defaultModel)
{
    /// <summary>The default without an embedding.</summary>
    public const string NamedModel = $"TI_MODEL, else {ModelLocator.Default}";

    /// <summary>The default with an embedding.</summary>
    public const string RecordedModel = $"the embedding's model, else {NamedModel}";

    public PathOption Model { get; } =
        new("--model")
        {
            HelpName = "FOLDER|FILE|ID|demo",
            Description =
                "A Stable Diffusion 1, 2 or XL model: a diffusers folder, a single file (.safetensors, .ckpt), a hub "
                + "id owner/name[@revision], which is downloaded if the cache does not have it, or demo, the small "
                + $"model that ships with ti. Default: {defaultModel}.",
        };

    public NameOption Variant { get; } =
        new("--variant")
        {
            HelpName = "NAME",
            Description =
                "Which weights to load if the model's folder has several, such as fp16, which takes half the disk "
                + "space. Default: those without a variant, else fp16.",
        };

    public PathOption Config { get; } =
        new("--config")
        {
            HelpName = "DIR",
            Description =
                "For a single file: a diffusers folder of the same kind of model, whose configs, scheduler and "
                + "tokenizer are used. Default: the configs are inferred from the file's tensors; the tokenizer comes "
                + "from the cache or the hub.",
        };

    public PathOption Vae { get; } =
        new("--vae")
        {
            HelpName = "FILE|DIR",
            Description =
                "Another VAE, the part of a model that turns images into latents and back: a file, or a diffusers "
                + "folder of a VAE or a model. It must be for the same kind of model; some VAEs give sharper details. "
                + "Default: the model's own.",
        };

    public PathListOption Lora { get; } =
        new("--lora")
        {
            HelpName = "FILE[@strength]",
            Description =
                "A LoRA that changes the model: LoRA, LoCon or DoRA of kohya's scripts, LyCORIS, OneTrainer, diffusers "
                + "or PEFT; repeat the option for several. @0.8 applies it less, a negative number in reverse. A name "
                + $"that is no file is looked for in {LoraFolder.Name}/. Default: none.",
        };

    public WordOption Prediction { get; } =
        new("--prediction", PredictionTypeNames.Epsilon, PredictionTypeNames.VPrediction)
        {
            Description =
                "What the model was trained to predict: the noise (epsilon, as nearly all models) or the velocity "
                + "(v_prediction, as Stable Diffusion 2 at 768 pixels). Needed only if the model's files state the "
                + "wrong one or none, so that images are noise. Default: as the files state; for a single file, "
                + "inferred from its tensors.",
        };

    public ModelRequest Read(ParseResult parsed) =>
        new(
            parsed.GetValue(Model),
            parsed.GetValue(Variant),
            parsed.GetValue(Config),
            parsed.GetValue(Vae),
            PredictionTypeNames.Parse(parsed.GetValue(Prediction)),
            parsed.GetValue(Lora) is { Length: > 0 } named ? [.. named.Select(LoraArgument.Parse)] : null
        );
}

/// <summary>The model options as given; null if not given. See <see cref="ModelOptions"/>.</summary>
internal sealed record ModelRequest(
    string? Model = null,
    string? Variant = null,
    string? Config = null,
    string? Vae = null,
    PredictionType? Prediction = null,
    IReadOnlyList<Lora>? Loras = null
)
{
    /// <summary>The LoRAs, none if none are given.</summary>
    public IReadOnlyList<Lora> UsedLoras => Loras ?? [];

    /// <summary>The same as options of the library, without the LoRAs.</summary>
    public LoadOptions Options =>
        new()
        {
            Variant = Variant,
            Config = Config,
            Vae = Vae,
            Prediction = Prediction,
        };
}
