using TextualInversion.Training.Distillation;

namespace TextualInversion;

/// <summary>How a prompt is distilled. The defaults are those of <c>ti distill</c>.</summary>
public sealed record DistillOptions
{
    /// <summary>
    /// The placeholder token that stands for the vectors, such as <c>my-style</c>. Required; a token that the model's
    /// vocabulary holds is refused.
    /// </summary>
    public string Token { get; init; } = "";

    /// <summary>
    /// The number of vectors, 1 to <see cref="TrainOptions.MostVectors"/>, fewer than the prompt's tokens. Default: 4.
    /// </summary>
    public int Vectors { get; init; } = 4;

    /// <summary>
    /// The number of optimizer steps, 0 or more; the best vectors are kept. With 0 they are the best tokens of the
    /// prompt. Default: 300.
    /// </summary>
    public int Steps { get; init; } = DistillationOptions.DefaultSteps;

    /// <summary>The noisy latents of each step, 1 to 1000. Default: 2.</summary>
    public int BatchSize { get; init; } = 2;

    /// <summary>
    /// The learning rate of AdamW, 0 to 1, which falls to zero along half a cosine. Default: 0.01.
    /// </summary>
    public double LearningRate { get; init; } = 0.01;

    /// <summary>The seed of the images, the noise and the order. Default: 0.</summary>
    public ulong Seed { get; init; }

    /// <summary>What the vectors have to reproduce. Default: noise predictions.</summary>
    public DistillationTarget Target { get; init; } = DistillationTarget.Noise;

    /// <summary>
    /// Whether the prompt is for the negative side of guidance. It is learned and compared there, and the embedding is
    /// marked. Default: no.
    /// </summary>
    public bool IsNegative { get; init; }

    /// <summary>
    /// The number of images that are generated with each prompt and compared, 0 to 100. Default: 0; <c>ti distill</c>
    /// compares 4.
    /// </summary>
    public int ComparedImages { get; init; }

    /// <summary>The embeddings whose tokens the prompt holds. Default: none.</summary>
    public IReadOnlyList<Embedding> Embeddings { get; init; } = [];

    /// <summary>How the model's images are generated. Default: as the model recommends.</summary>
    public GenerateOptions Generation { get; init; } = new();

    /// <exception cref="TextualInversionException">An option is out of its range.</exception>
    internal void Validate()
    {
        if (string.IsNullOrWhiteSpace(Token))
            throw TextualInversionException.ForParameter(
                nameof(Token),
                "is missing: name the placeholder token, such as my-style."
            );
        Require(nameof(Vectors), Vectors, 1, TrainOptions.MostVectors);
        Require(nameof(Steps), Steps, 0, int.MaxValue);
        Require(nameof(BatchSize), BatchSize, 1, 1000);
        Require(nameof(LearningRate), LearningRate, 0, 1);
        Require(nameof(ComparedImages), ComparedImages, 0, 100);
    }

    private static void Require(string name, double value, double least, double most)
    {
        if (!(value >= least && value <= most))
            throw TextualInversionException.ForParameter(
                name,
                FormattableString.Invariant($"{value}: choose a number from {least} to {most}.")
            );
    }
}
