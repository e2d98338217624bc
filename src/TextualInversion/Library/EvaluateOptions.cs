namespace TextualInversion;

/// <summary>How embeddings are evaluated.</summary>
public sealed record EvaluateOptions
{
    /// <summary>
    /// The words to compare the embeddings with, such as <c>cat</c>. Default: the initializer that the embeddings
    /// record, if all record the same.
    /// </summary>
    public string? Initializer { get; init; }

    /// <summary>What was learned; it selects the built-in prompts. Default: an object.</summary>
    public LearnedProperty Property { get; init; } = LearnedProperty.Object;

    /// <summary>
    /// Edit prompts, with <c>{}</c> for the token. Default: four built-in ones, by <see cref="Property"/>.
    /// </summary>
    public IReadOnlyList<string>? Prompts { get; init; }

    /// <summary>
    /// The number of images for each prompt, 2 to 1000. Default: 8; the paper uses 64. The error halves with four times
    /// as many.
    /// </summary>
    public int Count { get; init; } = 8;

    /// <summary>The seed of the first image of each prompt. Default: 0.</summary>
    public ulong Seed { get; init; }

    /// <summary>How the images are generated. Default: as the model recommends.</summary>
    public GenerateOptions Generation { get; init; } = new();

    /// <summary>
    /// The CLIP model that judges, a folder or a hub id. Default: <c>clip</c> in the model's folder, else
    /// <c>openai/clip-vit-large-patch14</c>.
    /// </summary>
    public string? Clip { get; init; }

    /// <summary>A folder that keeps the images, for the next evaluation. Default: null; they are not kept.</summary>
    public string? CacheFolder { get; init; }
}
