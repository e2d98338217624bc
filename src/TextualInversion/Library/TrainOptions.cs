using System.Text.Json.Serialization;
using TextualInversion.Training.Initializers;

namespace TextualInversion;

/// <summary>
/// The options of a training. The defaults are those of <c>ti train</c>; they were chosen by measurement. Values out of
/// their range are refused when training starts. <see cref="Token"/> is required.
/// </summary>
public sealed partial record TrainOptions
{
    private readonly double? learningRate;
    private readonly OptimizerKind? optimizer;

    /// <summary>
    /// The placeholder token that will stand for the embedding in prompts, such as <c>my-cat</c>, which is the same as
    /// <c>&lt;my-cat&gt;</c>. Required.
    /// </summary>
    [JsonIgnore]
    public string? Token { get; init; }

    /// <summary>
    /// What training starts from: one or more words, such as <c>cat</c>; an embedding file with as many vectors; or
    /// <c>auto</c>, the phrase that explains the images best, of up to <see cref="Vectors"/> words. Vectors beyond the
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
    /// The number of embedding vectors to train, 1 to 74. More vectors capture more detail, but the rest of a prompt
    /// has less effect. Default: null, one for each word of the phrase that is found, at least 4 and at most 6; those
    /// of the initializer if it is an embedding file; otherwise 4.
    /// </summary>
    public int? Vectors { get; init; }

    /// <summary>
    /// How long the search for the initializer may take, as the number of training steps that take about as long; 1 or
    /// more. Default: 500. See <see cref="Initializer"/>.
    /// </summary>
    [JsonIgnore]
    public int SearchSteps { get; init; } = 500;

    /// <summary>
    /// For the search for the initializer: the CLIP model that ranks the words of a vocabulary too large to try all of
    /// them by how well they describe the images, a folder or a hub id. Default: null, the one in the model's folder
    /// <c>clip</c> if there is one; else words are chosen by the gradient of the loss.
    /// </summary>
    [JsonIgnore]
    public string? Clip { get; init; }

    /// <summary>The largest number of optimizer steps, at least 1. Default: 300.</summary>
    public int Steps { get; init; } = 300;

    /// <summary>
    /// The peak learning rate, above 0. Default: 0.005; 1 for <see cref="OptimizerKind.Prodigy"/>, which multiplies its
    /// own step size by it. Typical: 0.001 to 0.01; 1 for Prodigy. If it is set and <see cref="Optimizer"/> is not, the
    /// optimizer is AdamW.
    /// </summary>
    public double LearningRate
    {
        get => learningRate ?? DefaultLearningRate(Optimizer);
        init => learningRate = value;
    }

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

    /// <summary>
    /// How the vectors follow their gradient. Default: Prodigy, which chooses its step size by the size of the gradient
    /// and the distance from the start; AdamW if <see cref="LearningRate"/> is set.
    /// </summary>
    public OptimizerKind Optimizer
    {
        get => optimizer ?? (learningRate is null ? OptimizerKind.Prodigy : OptimizerKind.AdamW);
        init => optimizer = value;
    }

    /// <summary>AdamW's and Prodigy's decay of the first moment, 0 to below 1. Default: 0.9.</summary>
    public double Beta1 { get; init; } = 0.9;

    /// <summary>AdamW's and Prodigy's decay of the second moment, 0 to below 1. Default: 0.999.</summary>
    public double Beta2 { get; init; } = 0.999;

    /// <summary>AdamW's and Prodigy's epsilon, above 0. Default: 1e-8.</summary>
    public double Epsilon { get; init; } = 1e-8;

    /// <summary>
    /// AdamW's and Prodigy's weight decay, 0 or more. Default: 0. It pulls the vectors toward zero.
    /// </summary>
    public double WeightDecay { get; init; }

    /// <summary>
    /// For <see cref="OptimizerKind.Direction"/>: the strength of the pull toward the initial direction, 0 or more, in
    /// units of the gradient. Default: 1e-4.
    /// </summary>
    public double DirectionPrior { get; init; } = 1e-4;

    /// <summary>
    /// The largest norm of a step's gradient over all vectors, 0 or more. Larger gradients are scaled down to it; 0
    /// disables. Default: 0.
    /// </summary>
    public double MaxGradientNorm { get; init; }

    /// <summary>
    /// The norm to which the vectors are rescaled after each step. Default: none. With
    /// <see cref="OptimizerKind.Direction"/>, none means the vocabulary's mean norm.
    /// </summary>
    public NormConstraint KeepNorm { get; init; } = NormConstraint.None;

    /// <summary>
    /// How much the error of each predicted value counts. Default: its square. Validation measures the squared error in
    /// any case, so that runs can be compared.
    /// </summary>
    public LossType LossType { get; init; } = LossType.L2;

    /// <summary>
    /// For <see cref="LossType.Huber"/>: the size from which an error counts linearly, 1e-6 to 1000, typically 0.01 to
    /// 1. Default: 0.1. Smaller values ignore outliers more.
    /// </summary>
    public double HuberC { get; init; } = 0.1;

    /// <summary>
    /// How much the loss of each timestep counts. Default: debiased, which gives more weight to the noisy timesteps;
    /// they decide layout, light and dominant colors.
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
    /// The smallest timestep that is drawn, 0 or more. Default: 0. Without the timesteps of little noise, detail counts
    /// less. Validation measures all timesteps in any case.
    /// </summary>
    public int MinTimestep { get; init; }

    /// <summary>
    /// The end of the timesteps that are drawn, exclusive: above <see cref="MinTimestep"/>, at most the model's number
    /// of timesteps (usually 1000), or null for all. Default: null. Without the noisiest timesteps, layout and dominant
    /// colors count less.
    /// </summary>
    public int? MaxTimestep { get; init; }

    /// <summary>
    /// The number of steps between validations, 0 or more; 0 disables, and the last embedding is kept instead of the
    /// best. Default: 25.
    /// </summary>
    public int ValidateEvery { get; init; } = 25;

    /// <summary>
    /// After this many validations in a row without improvement, the learning rate falls to zero and training ends; 0
    /// disables. Default: 4.
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
    /// Whether memory is saved at the cost of time. It does not change the result. Default: only if a step would not
    /// fit into memory.
    /// </summary>
    [JsonIgnore]
    public MemoryUse Memory { get; init; }

    /// <summary>
    /// Whether activations are computed again instead of kept. It does not change the result. Default: as
    /// <see cref="Memory"/> says, or once memory runs out.
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
            Optimizer = OptimizerKind.AdamW,
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
}
