using TextualInversion.Data;
using TextualInversion.Training.Losses;
using TextualInversion.Training.Optimizers;

namespace TextualInversion.Training;

/// <summary>How the timestep of each image of each step is drawn.</summary>
internal enum TimestepSampling
{
    /// <summary>Each on its own, all equally likely (Ho et al. 2020, algorithm 1).</summary>
    Uniform,

    /// <summary>
    /// As likely, but spread evenly over any stretch of steps: additive recurrence with the golden ratio (Kronecker sequence) from a random start.
    /// </summary>
    Stratified,
}

/// <summary>How the rows follow their gradient.</summary>
internal enum OptimizerKind
{
    /// <summary>See <see cref="Optimizers.AdamW"/>.</summary>
    AdamW,

    /// <summary>See <see cref="RiemannianSgd"/>.</summary>
    Direction,
}

/// <summary>Everything that decides what is learned. The defaults are the command's; they were chosen by measuring, see the README.</summary>
internal sealed record TrainOptions
{
    /// <summary>The rows to learn, n.</summary>
    public int Vectors { get; init; } = 4;

    /// <summary>Optimiser steps.</summary>
    public int Steps { get; init; } = 300;

    /// <summary>The largest learning rate of the run.</summary>
    public double LearningRate { get; init; } = 1e-2;

    public LearningRateSchedule Schedule { get; init; } = LearningRateSchedule.Cosine;

    /// <summary>Steps over which the learning rate rises to its largest.</summary>
    public int WarmupSteps { get; init; }

    /// <summary>Images in a forward pass, B.</summary>
    public int Batch { get; init; } = 4;

    /// <summary>Forward passes whose gradients are averaged into one step.</summary>
    public int Accumulate { get; init; } = 1;

    public OptimizerKind Optimizer { get; init; } = OptimizerKind.AdamW;

    /// <summary>AdamW's, as the next three.</summary>
    public double Beta1 { get; init; } = 0.9;

    public double Beta2 { get; init; } = 0.999;

    public double Epsilon { get; init; } = 1e-8;

    public double WeightDecay { get; init; }

    /// <summary>How strongly <see cref="OptimizerKind.Direction"/> is drawn to where it began, in units of the gradient.</summary>
    public double Prior { get; init; } = 1e-4;

    /// <summary>The longest gradient, over all rows; longer ones are shortened to it; 0 for no limit.</summary>
    public double Clip { get; init; }

    /// <summary>The norm that the rows keep. Where only the direction is learned, none means the vocabulary's.</summary>
    public NormConstraint KeepNorm { get; init; } = NormConstraint.None;

    /// <summary>See <see cref="MinSnr"/>; 0 to weigh all timesteps alike.</summary>
    public double SnrGamma { get; init; }

    /// <summary>Standard deviation of what is added to the noise of a whole channel, so that an image's brightness is learned too; 0 for none.</summary>
    public double NoiseOffset { get; init; }

    /// <summary>
    /// Whether every second image of a batch gets the noise of the one before with the opposite sign, at the same timestep: what the gradient owes to the sign alone cancels
    /// (antithetic variates, Hammersley and Morton 1956).
    /// </summary>
    public bool Antithetic { get; init; }

    /// <summary>See <see cref="ExponentialMovingAverage"/>: the largest share that the average keeps of itself in a step; 0 for none.</summary>
    public double Ema { get; init; }

    public TimestepSampling Timesteps { get; init; } = TimestepSampling.Stratified;

    /// <summary>Steps between validations; 0 for none, and then the last rows are kept rather than the best.</summary>
    public int ValidateEvery { get; init; } = 25;

    /// <summary>Validations in a row that may fail to be the best before the run is over; 0 to take all steps.</summary>
    public int Patience { get; init; } = 4;

    /// <summary>Steps between checkpoints; 0 for none.</summary>
    public int SaveEvery { get; init; } = 100;

    /// <summary>Whether each image is mirrored half of the times.</summary>
    public bool Flip { get; init; } = true;

    /// <summary>The side of the images in pixels, a multiple of 8; null for the model's own.</summary>
    public int? Resolution { get; init; }

    public CropMode Crop { get; init; } = CropMode.Center;

    public LearnedProperty Property { get; init; } = LearnedProperty.Object;

    /// <summary>What of the images counts in the loss; null for all.</summary>
    public MaskSource? Mask { get; init; }

    public CaptionUse Captions { get; init; } = CaptionUse.Only;

    /// <summary>Whether the tags of a description, what is between its commas, are put into another order each time.</summary>
    public bool ShuffleTags { get; init; }

    /// <summary>The part of a description's tags that is left out each time, but never the placeholder's.</summary>
    public double DropTags { get; init; }

    /// <summary>The first tags of a description that stay where they are.</summary>
    public int KeepTags { get; init; }

    /// <summary>Whether the last image is not learned from, only measured.</summary>
    public bool HoldOut { get; init; }

    public ulong Seed { get; init; }

    /// <summary>
    /// Every choice as diffusers' example makes it, with the settings of its README
    /// (https://github.com/huggingface/diffusers/tree/main/examples/textual_inversion): for comparison and reproduction.
    /// </summary>
    public static TrainOptions Diffusers { get; } =
        new()
        {
            Vectors = 1,
            Steps = 3000,
            LearningRate = 5e-4 * 4, // --scale_lr multiplies by the accumulation
            Batch = 1,
            Accumulate = 4,
            Schedule = LearningRateSchedule.Constant,
            WarmupSteps = 0,
            WeightDecay = 1e-2,
            Timesteps = TimestepSampling.Uniform,
            ValidateEvery = 0,
            Patience = 0,
            Flip = true,
            Crop = CropMode.Squash,
            Captions = CaptionUse.Off,
        };

    /// <exception cref="TextualInversionException">A number is out of its range.</exception>
    public void Validate()
    {
        Check(Vectors is >= 1 and <= 75, "--vectors", Vectors, "a number from 1 to 75");
        Check(Steps >= 1, "--steps", Steps, "at least 1");
        Check(LearningRate is > 0 and <= 1e30, "--learning-rate", LearningRate, "a number above 0, such as 0.005");
        Check(WarmupSteps >= 0, "--warmup", WarmupSteps, "0 or more steps");
        Check(Batch >= 1, "--batch", Batch, "at least 1");
        Check(Accumulate >= 1, "--accumulate", Accumulate, "at least 1");
        Check(Beta1 is >= 0 and < 1, "--betas", Beta1, "two numbers from 0 to below 1, such as 0.9,0.999");
        Check(Beta2 is >= 0 and < 1, "--betas", Beta2, "two numbers from 0 to below 1, such as 0.9,0.999");
        Check(Epsilon > 0 && double.IsFinite(Epsilon), "--epsilon", Epsilon, "a number above 0, such as 1e-8");
        Check(WeightDecay >= 0 && double.IsFinite(WeightDecay), "--weight-decay", WeightDecay, "0 or more");
        Check(Prior >= 0 && double.IsFinite(Prior), "--prior", Prior, "0 or more, such as 1e-4");
        Check(Clip >= 0 && double.IsFinite(Clip), "--clip", Clip, "0 or more, such as 1");
        Check(SnrGamma >= 0 && double.IsFinite(SnrGamma), "--snr-gamma", SnrGamma, "0 or more, such as 5");
        Check(NoiseOffset is >= 0 and <= 1, "--noise-offset", NoiseOffset, "a number from 0 to 1, such as 0.05");
        Check(!Antithetic || Batch % 2 == 0, "--batch", Batch, "an even number, since --antithetic takes pairs");
        Check(Ema is >= 0 and < 1, "--ema", Ema, "a number from 0 to below 1, such as 0.98");
        Check(ValidateEvery >= 0, "--validate-every", ValidateEvery, "0 or more steps");
        Check(DropTags is >= 0 and < 1, "--drop-tags", DropTags, "a number from 0 to below 1, such as 0.1");
        Check(KeepTags >= 0, "--keep-tags", KeepTags, "0 or more tags");
        if (HoldOut && ValidateEvery == 0)
            throw new TextualInversionException(
                "--hold-out measures an image when the others are, so it needs --validate-every above 0."
            );
        Check(SaveEvery >= 0, "--save-every", SaveEvery, "0 or more steps");
        Check(Patience >= 0, "--patience", Patience, "0 or more validations");
        Check(
            Resolution is null or (>= 8 and <= 4096) && Resolution.GetValueOrDefault() % 8 == 0,
            "--resolution",
            Resolution,
            "a multiple of 8 from 8 to 4096, in pixels"
        );

        static void Check(bool holds, string option, object? found, string wanted)
        {
            if (!holds)
                throw new TextualInversionException(FormattableString.Invariant($"{option} {found}: choose {wanted}."));
        }
    }
}
