using TextualInversion.Generation;

namespace TextualInversion.Training.Distillation;

/// <summary>How a prompt is distilled.</summary>
internal sealed record DistillationOptions
{
    /// <summary>The default of <see cref="Steps"/> for <see cref="DistillationTarget.Noise"/>.</summary>
    public const int DefaultSteps = 300;

    /// <summary>The number of vectors, 1 to <see cref="TrainOptions.MostVectors"/>. Default: 4.</summary>
    public int Vectors { get; init; } = 4;

    /// <summary>The number of steps, 0 or more; with 0 the vectors are those of words. Default: 300.</summary>
    public int Steps { get; init; } = DefaultSteps;

    /// <summary>The noisy latents of each step, 1 or more. Default: 2.</summary>
    public int BatchSize { get; init; } = 2;

    /// <summary>The learning rate of AdamW, which falls to zero along half a cosine. Default: 0.01.</summary>
    public double LearningRate { get; init; } = 0.01;

    /// <summary>The seed of the latents, the noise and the order.</summary>
    public required ulong Seed { get; init; }

    /// <summary>What the vectors have to reproduce. Default: noise predictions.</summary>
    public DistillationTarget Target { get; init; } = DistillationTarget.Noise;

    /// <summary>
    /// Whether the prompt is for the negative side of guidance. Its images are then those that guidance drives away
    /// from the prompt. Default: no.
    /// </summary>
    public bool IsNegative { get; init; }

    /// <summary>The images that are generated with each prompt and compared, 0 or more. Default: 4.</summary>
    public int ComparedImages { get; init; } = 4;

    /// <summary>The settings of images of the model: its size, sampler, steps and guidance, without a prompt.</summary>
    public required GenerationSettings Images { get; init; }
}
