using System.CommandLine;
using TextualInversion.Cli.Infrastructure;
using TextualInversion.Generation;
using TextualInversion.Training.Distillation;

namespace TextualInversion.Cli.Distill;

/// <summary>The options of <c>ti distill</c> that decide what is learned.</summary>
internal sealed class DistillOptions
{
    private static readonly DistillationOptions Standard = new() { Seed = 0, Images = null! };

    private readonly NumberOption<int> vectors = new("--vectors")
    {
        HelpName = "N",
        Minimum = 1,
        Maximum = TrainOptions.MostVectors,
        Description =
            $"The number of vectors, 1 to {TrainOptions.MostVectors}, fewer than the prompt has tokens. Default: "
            + $"{Standard.Vectors}.",
        DefaultValueFactory = _ => Standard.Vectors,
    };
    private readonly NumberOption<int> steps = new("--steps")
    {
        HelpName = "N",
        Minimum = 0,
        Description =
            "The number of optimizer steps; the best vectors are kept. With 0 they are the best tokens of the prompt. "
            + $"Default: {Standard.Steps}.",
        DefaultValueFactory = _ => Standard.Steps,
    };
    private readonly NumberOption<double> learningRate = new("--learning-rate")
    {
        HelpName = "X",
        Minimum = 0,
        Maximum = 1,
        Description =
            "Peak learning rate of AdamW, which falls to zero along a cosine; 0 to 1. Default: "
            + $"{Numbers.Format(Standard.LearningRate)}.",
        DefaultValueFactory = _ => Standard.LearningRate,
    };
    private readonly NumberOption<int> batch = new("--batch")
    {
        HelpName = "N",
        Minimum = 1,
        Maximum = 1000,
        Description = $"Noisy latents in a step, 1 to 1000. Default: {Standard.BatchSize}.",
        DefaultValueFactory = _ => Standard.BatchSize,
    };
    private readonly ChoiceOption<DistillationTarget> target = new("--target")
    {
        Description =
            "What the vectors have to reproduce. noise: the noise that the U-Net predicts with the whole prompt, for "
            + "noisy images of its own. states: the text encoder's states after the prompt, much faster, since the "
            + "U-Net is not asked while learning, and less near. Default: noise.",
        DefaultValueFactory = _ => Standard.Target,
    };
    private readonly Option<bool> negative = new("--negative-embedding")
    {
        Description =
            "The prompt is one for --negative: learn from images that guidance drives away from it, compare it there, "
            + "and mark the file (modelspec.is_negative_embedding). Default: only if an embedding with that mark is "
            + "shortened.",
    };
    private readonly NumberOption<int> compare = new("--compare")
    {
        HelpName = "N",
        Minimum = 0,
        Maximum = 100,
        Description =
            "The number of seeds with which images of the whole prompt, the vectors, the first words and the empty "
            + $"prompt are generated and compared, 0 to 100. Default: {Standard.ComparedImages}.",
        DefaultValueFactory = _ => Standard.ComparedImages,
    };

    public Option[] MostUsed => [vectors, negative];

    public Option[] Learning => [steps, learningRate, batch, target];

    public Option<int> Compare => compare;

    public int Vectors(ParseResult parsed) => parsed.GetValue(vectors);

    public int BatchSize(ParseResult parsed) => parsed.GetValue(batch);

    /// <param name="parsed">The arguments.</param>
    /// <param name="images">The settings of the model's images.</param>
    /// <param name="seed">The seed.</param>
    /// <param name="shortensNegative">Whether an embedding for negative prompts is shortened.</param>
    public DistillationOptions Read(ParseResult parsed, GenerationSettings images, ulong seed, bool shortensNegative) =>
        new()
        {
            Vectors = parsed.GetValue(vectors),
            Steps = parsed.GetValue(steps),
            BatchSize = parsed.GetValue(batch),
            LearningRate = parsed.GetValue(learningRate),
            Seed = seed,
            Target = parsed.GetValue(target),
            IsNegative = parsed.GetValue(negative) || shortensNegative,
            ComparedImages = parsed.GetValue(compare),
            Images = images,
        };
}
