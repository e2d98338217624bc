namespace TextualInversion;

/// <summary>The result of a training.</summary>
public sealed class TrainResult
{
    /// <summary>The best embedding by validation, or the last if there was no validation.</summary>
    public required Embedding Embedding { get; init; }

    /// <summary>The embedding after the last step.</summary>
    public required Embedding LastEmbedding { get; init; }

    /// <summary>
    /// The words whose vectors the training started from: those of <see cref="TrainOptions.Initializer"/>, or the
    /// phrase that its search found. Null if it started from a file.
    /// </summary>
    public string? Initializer { get; init; }

    /// <summary>
    /// For a style whose initializer was searched for, and whose images have no captions: the word for what each image
    /// shows, in the order of the images, which its prompts name; null for an image without one. Else empty.
    /// </summary>
    public IReadOnlyList<string?> ShownWords { get; init; } = [];

    /// <summary>The number of steps that were taken.</summary>
    public required int Steps { get; init; }

    /// <summary>The step whose embedding is <see cref="Embedding"/>.</summary>
    public required int BestStep { get; init; }

    /// <summary>The mean training loss over the last 10 % of the steps. NaN if none was taken.</summary>
    public required double Loss { get; init; }

    /// <summary>
    /// The validations in their order, the first of them before the first step; empty if there were none.
    /// </summary>
    public required IReadOnlyList<ValidationPoint> Validation { get; init; }

    /// <summary>Why the training ended.</summary>
    public required TrainingEnd End { get; init; }

    /// <summary>
    /// The SHA-256 of the values of each of the model's networks before and after the training, by the network's name,
    /// with the LoRAs in use merged into them. They are equal: the model is frozen.
    /// </summary>
    public required IReadOnlyDictionary<string, FrozenHash> BaseWeightHashes { get; init; }

    /// <summary>What may be wrong with the images, or was not done as the options say. For people to read.</summary>
    public required IReadOnlyList<string> Warnings { get; init; }
}
