using System.Globalization;
using System.Text.Json.Serialization;
using TextualInversion.Training.Initializers;

namespace TextualInversion;

/// <summary>
/// The options of a training. The defaults are those of <c>ti train</c>; they were chosen by measurement. Values out of
/// their range are refused when training starts. <see cref="Token"/> is required.
/// </summary>
public sealed record TrainOptions
{
    /// <summary>
    /// The most rows that leave a prompt room for one other token: CLIP reads 77, two of which mark beginning and end.
    /// </summary>
    internal const int MostVectors = 74;

    /// <summary>More images at once than any machine has memory for.</summary>
    private const int LargestBatch = 1024;

    /// <summary>
    /// The placeholder token that will stand for the embedding in prompts, such as <c>my-cat</c>, which is the same as
    /// <c>&lt;my-cat&gt;</c>. Required.
    /// </summary>
    [JsonIgnore]
    public string? Token { get; init; }

    /// <summary>
    /// The start of training: one or more words, such as <c>cat</c>; an embedding file with as many vectors; or
    /// <c>auto</c>, the phrase of up to <see cref="Vectors"/> words that explains the images best. Vectors beyond the
    /// words start from the mean of the vocabulary. Default: <c>auto</c>.
    /// </summary>
    [JsonIgnore]
    public string Initializer { get; init; } = InitialEmbedding.Auto;

    /// <summary>
    /// Prompt templates for images without a caption, with <c>{}</c> for the token. Default: built-in ones, by
    /// <see cref="Property"/>.
    /// </summary>
    [JsonIgnore]
    public IReadOnlyList<string>? Templates { get; init; }

    /// <summary>
    /// The number of embedding vectors to train, 1 to 74. Default: 4. More vectors hold more detail and obey prompts
    /// less.
    /// </summary>
    public int Vectors { get; init; } = 4;

    /// <summary>
    /// The largest cost of the search for the initializer, in training steps that take about as long; 1 or more.
    /// Default: 350. See <see cref="Initializer"/>.
    /// </summary>
    [JsonIgnore]
    public int SearchSteps { get; init; } = 350;

    /// <summary>The number of optimizer steps, at least 1. Default: 300.</summary>
    public int Steps { get; init; } = 300;

    /// <summary>The peak learning rate, above 0. Default: 0.005. Typical: 0.001 to 0.01.</summary>
    public double LearningRate { get; init; } = 5e-3;

    /// <summary>How the learning rate changes over the steps. Default: cosine, which falls to zero.</summary>
    public LearningRateSchedule Schedule { get; init; } = LearningRateSchedule.Cosine;

    /// <summary>
    /// The number of first steps over which the learning rate rises to its peak, 0 or more. Default: 0.
    /// </summary>
    public int WarmupSteps { get; init; }

    /// <summary>The number of images in a forward pass, at least 1. Default: 4. Memory grows with it.</summary>
    public int BatchSize { get; init; } = 4;

    /// <summary>
    /// The number of forward passes whose gradients are averaged into one step, at least 1. Default: 1.
    /// </summary>
    public int GradientAccumulationSteps { get; init; } = 1;

    /// <summary>How the rows follow their gradient. Default: AdamW.</summary>
    public OptimizerKind Optimizer { get; init; } = OptimizerKind.AdamW;

    /// <summary>AdamW's decay of the first moment, 0 to below 1. Default: 0.9.</summary>
    public double Beta1 { get; init; } = 0.9;

    /// <summary>AdamW's decay of the second moment, 0 to below 1. Default: 0.999.</summary>
    public double Beta2 { get; init; } = 0.999;

    /// <summary>AdamW's epsilon, above 0. Default: 1e-8.</summary>
    public double Epsilon { get; init; } = 1e-8;

    /// <summary>AdamW's weight decay, 0 or more. Default: 0. It pulls the rows toward zero.</summary>
    public double WeightDecay { get; init; }

    /// <summary>
    /// For <see cref="OptimizerKind.Direction"/>: the strength of the pull toward the initial direction, 0 or more, in
    /// units of the gradient. Default: 1e-4.
    /// </summary>
    public double DirectionPrior { get; init; } = 1e-4;

    /// <summary>
    /// The largest norm of a step's gradient over all rows, 0 or more. Larger gradients are scaled down to it; 0
    /// disables. Default: 0.
    /// </summary>
    public double MaxGradientNorm { get; init; }

    /// <summary>
    /// The norm that the rows get after each step. Default: none. <see cref="OptimizerKind.Direction"/> takes the
    /// vocabulary's mean norm instead of none.
    /// </summary>
    public NormConstraint KeepNorm { get; init; } = NormConstraint.None;

    /// <summary>
    /// How much the loss of each timestep counts. Default: debiased, so that the noisy timesteps count, which decide
    /// layout, light and dominant colors.
    /// </summary>
    public LossWeighting LossWeighting { get; init; } = LossWeighting.Debiased;

    /// <summary>For <see cref="LossWeighting.MinSnr"/>: the gamma of its paper, above 0. Default: 5.</summary>
    public double SnrGamma { get; init; } = 5;

    /// <summary>
    /// The standard deviation of noise that is added to whole channels, 0 to 1. It helps with very dark or bright
    /// images (typically 0.05 to 0.1); 0 disables. Default: 0.
    /// </summary>
    public double NoiseOffset { get; init; }

    /// <summary>
    /// Whether every second image of a batch gets the noise of the one before with the opposite sign, at the same
    /// timestep, so that the part of the gradient that depends on the sign cancels (antithetic variates, Hammersley and
    /// Morton 1956). Default: false. Needs an even <see cref="BatchSize"/>.
    /// </summary>
    public bool Antithetic { get; init; }

    /// <summary>
    /// The decay of the embedding's exponential moving average, which is then the result: 0 to below 1, typically 0.95
    /// to 0.99; 0 disables. Default: 0.
    /// </summary>
    public double EmaDecay { get; init; }

    /// <summary>How the timestep of each image of each step is drawn. Default: stratified.</summary>
    public TimestepSampling Timesteps { get; init; } = TimestepSampling.Stratified;

    /// <summary>
    /// The number of steps between validations, 0 or more; 0 disables, and the last embedding is kept instead of the
    /// best. Default: 25.
    /// </summary>
    public int ValidateEvery { get; init; } = 25;

    /// <summary>
    /// Training stops after this many validations in a row without improvement, 0 or more; 0 disables. Default: 4.
    /// </summary>
    public int Patience { get; init; } = 4;

    /// <summary>
    /// The number of steps between checkpoints of the embedding, 0 or more; 0 disables. Default: 100.
    /// </summary>
    public int CheckpointInterval { get; init; } = 100;

    /// <summary>Whether images are flipped horizontally at random. Default: true.</summary>
    public bool Flip { get; init; } = true;

    /// <summary>
    /// Whether images are flipped even if captions or templates mention left and right, text, signs or logos. Default:
    /// false.
    /// </summary>
    [JsonIgnore]
    public bool ForceFlip { get; init; }

    /// <summary>
    /// The side of the training images in pixels, a multiple of 8 from 8 to 4096, or null for the model's own. Default:
    /// null.
    /// </summary>
    public int? Resolution { get; init; }

    /// <summary>How images that are not square are fitted. Default: the center is cropped.</summary>
    [JsonInclude]
    internal CropMode Crop { get; init; } = CropMode.Center;

    /// <summary>What to learn; it selects the built-in prompt templates. Default: an object.</summary>
    public LearnedProperty Property { get; init; } = LearnedProperty.Object;

    /// <summary>
    /// Where the loss mask of each image comes from, or null if the whole image counts. Default: null.
    /// </summary>
    [JsonInclude]
    internal MaskSource? Mask { get; init; }

    /// <summary>How captions are used. Default: an image that has one is trained on its caption alone.</summary>
    [JsonInclude]
    internal CaptionUse Captions { get; init; } = CaptionUse.Only;

    /// <summary>Whether the comma-separated tags of a caption are shuffled each time. Default: false.</summary>
    public bool ShuffleTags { get; init; }

    /// <summary>
    /// The share of a caption's tags that is dropped each time, 0 to below 1. The placeholder token is never dropped.
    /// Default: 0.
    /// </summary>
    public double DropTags { get; init; }

    /// <summary>
    /// The number of first tags of a caption that are neither shuffled nor dropped, 0 or more. Default: 0.
    /// </summary>
    public int KeepTags { get; init; }

    /// <summary>
    /// Whether the last image is not trained on but measured in each validation. Default: false. Needs
    /// <see cref="ValidateEvery"/> above 0.
    /// </summary>
    public bool HoldOut { get; init; }

    /// <summary>The seed of everything random. Default: 0.</summary>
    public ulong Seed { get; init; }

    /// <summary>
    /// Whether memory is saved at the cost of time. It does not change the result. Default: if the memory would not
    /// suffice.
    /// </summary>
    [JsonIgnore]
    public GradientCheckpointing GradientCheckpointing { get; init; }

    /// <summary>
    /// The defaults of diffusers' textual_inversion.py, with the settings of its README
    /// (https://github.com/huggingface/diffusers/tree/main/examples/textual_inversion): for comparison and
    /// reproduction.
    /// </summary>
    public static TrainOptions Diffusers { get; } =
        new()
        {
            Initializer = "object",
            Vectors = 1,
            Steps = 3000,
            LearningRate = 5e-4 * 4, // --scale_lr multiplies by the accumulation
            BatchSize = 1,
            GradientAccumulationSteps = 4,
            Schedule = LearningRateSchedule.Constant,
            WarmupSteps = 0,
            WeightDecay = 1e-2,
            Timesteps = TimestepSampling.Uniform,
            LossWeighting = LossWeighting.None,
            ValidateEvery = 0,
            Patience = 0,
            Flip = true,
            ForceFlip = true,
            Crop = CropMode.Squash,
            Captions = CaptionUse.Off,
        };

    internal bool SearchesInitializer => Initializer == InitialEmbedding.Auto;

    /// <exception cref="TextualInversionException">
    /// A value is out of its range; <see cref="TextualInversionException.Parameter"/> names the property.
    /// </exception>
    internal void Validate()
    {
        ValidateSteps();
        ValidateOptimizer();
        ValidateData();
    }

    private void ValidateSteps()
    {
        Require(Steps >= 1, nameof(Steps), Steps, "at least 1");
        Require(LearningRate is > 0 and <= 1e30, nameof(LearningRate), LearningRate, "a number above 0, such as 0.005");
        Require(SearchSteps >= 1, nameof(SearchSteps), SearchSteps, "at least 1");
        Require(WarmupSteps >= 0, nameof(WarmupSteps), WarmupSteps, "0 or more steps");
        Require(
            WarmupSteps <= Steps,
            nameof(WarmupSteps),
            WarmupSteps,
            $"at most the {Steps} steps of the run; the learning rate would never reach its peak"
        );
        Require(
            BatchSize is >= 1 and <= LargestBatch,
            nameof(BatchSize),
            BatchSize,
            $"a number from 1 to {LargestBatch}; larger ones are made by gradient accumulation"
        );
        Require(
            GradientAccumulationSteps >= 1,
            nameof(GradientAccumulationSteps),
            GradientAccumulationSteps,
            "at least 1"
        );
        Require(ValidateEvery >= 0, nameof(ValidateEvery), ValidateEvery, "0 or more steps");
        Require(Patience >= 0, nameof(Patience), Patience, "0 or more validations");
        Require(CheckpointInterval >= 0, nameof(CheckpointInterval), CheckpointInterval, "0 or more steps");
    }

    private void ValidateOptimizer()
    {
        const string ShareOfMoments = "a number from 0 to below 1, such as 0.9";
        Require(Beta1 is >= 0 and < 1, nameof(Beta1), Beta1, ShareOfMoments);
        Require(Beta2 is >= 0 and < 1, nameof(Beta2), Beta2, ShareOfMoments);
        Require(Epsilon > 0 && double.IsFinite(Epsilon), nameof(Epsilon), Epsilon, "a number above 0, such as 1e-8");
        Require(IsAtLeastZero(WeightDecay), nameof(WeightDecay), WeightDecay, "0 or more");
        Require(IsAtLeastZero(DirectionPrior), nameof(DirectionPrior), DirectionPrior, "0 or more, such as 1e-4");
        Require(IsAtLeastZero(MaxGradientNorm), nameof(MaxGradientNorm), MaxGradientNorm, "0 or more, such as 1");
        Require(SnrGamma > 0 && double.IsFinite(SnrGamma), nameof(SnrGamma), SnrGamma, "a number above 0, such as 5");
        Require(NoiseOffset is >= 0 and <= 1, nameof(NoiseOffset), NoiseOffset, "a number from 0 to 1, such as 0.05");
        Require(EmaDecay is >= 0 and < 1, nameof(EmaDecay), EmaDecay, "a number from 0 to below 1, such as 0.98");
        const string Even = "an even number, since antithetic noise comes in pairs";
        Require(!Antithetic || BatchSize % 2 == 0, nameof(BatchSize), BatchSize, Even);
    }

    private void ValidateData()
    {
        Require(
            Vectors is >= 1 and <= MostVectors,
            nameof(Vectors),
            Vectors,
            $"a number from 1 to {MostVectors}; a prompt has room for 75 tokens"
        );
        Require(DropTags is >= 0 and < 1, nameof(DropTags), DropTags, "a number from 0 to below 1, such as 0.1");
        Require(KeepTags >= 0, nameof(KeepTags), KeepTags, "0 or more tags");
        var isResolution = Resolution is null or (>= 8 and <= 4096) && Resolution.GetValueOrDefault() % 8 == 0;
        Require(isResolution, nameof(Resolution), Resolution, "a multiple of 8 from 8 to 4096, in pixels");
        if (HoldOut && ValidateEvery == 0)
            throw TextualInversionException.ForParameter(
                nameof(HoldOut),
                "measures an image in each validation, and validation is turned off; turn it on, or hold out no image."
            );
    }

    private static bool IsAtLeastZero(double value) => value >= 0 && double.IsFinite(value);

    private static void Require(bool holds, string property, object? value, string wanted)
    {
        if (!holds)
            throw TextualInversionException.ForParameter(
                property,
                string.Create(CultureInfo.InvariantCulture, $"{value}: choose {wanted}.")
            );
    }
}
