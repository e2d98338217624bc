namespace TextualInversion;

/// <summary>How a model is found and loaded.</summary>
public sealed record LoadOptions
{
    /// <summary>
    /// Where to compute: <c>auto</c>, <c>cpu</c>, <c>cuda</c>, <c>cuda:N</c> or <c>mps</c>. Default: auto, the first
    /// CUDA device, or the CPU if there is none.
    /// </summary>
    public string Device { get; init; } = "auto";

    /// <summary>
    /// What the U-Net computes in. Default: by the device, bfloat16 or float16 on CUDA devices and float32 elsewhere.
    /// </summary>
    public Precision Precision { get; init; }

    /// <summary>
    /// The weights to take where a folder or repository has several, such as <c>fp16</c>. Default: those without a
    /// variant, else fp16.
    /// </summary>
    public string? Variant { get; init; }

    /// <summary>Another VAE: a file, or a diffusers folder of a VAE or a model. Default: the model's own.</summary>
    public string? Vae { get; init; }

    /// <summary>
    /// LoRAs that change the model's layers, each with its strength. They are part of the frozen model for everything
    /// that it does. Default: none.
    /// </summary>
    public IReadOnlyList<Lora> Loras { get; init; } = [];

    /// <summary>
    /// For a single file: a diffusers folder whose configs, scheduler and tokenizer belong to it. Default: the configs
    /// are told from the file's tensors, and the tokenizer is taken from the cache or downloaded.
    /// </summary>
    public string? Config { get; init; }

    /// <summary>
    /// What the U-Net was trained to predict, where the model's files are wrong. Default: as the files say.
    /// </summary>
    public PredictionType? Prediction { get; init; }

    /// <summary>
    /// The hub that models are downloaded from, and the cache. Default: the public hub, and the cache in the user's
    /// home folder.
    /// </summary>
    public HubOptions Hub { get; init; } = new();

    /// <summary>Receives the progress of a download, on any thread. Default: null.</summary>
    public IProgress<DownloadProgress>? DownloadProgress { get; init; }
}
