using System.Globalization;

namespace TextualInversion;

public sealed partial record TrainOptions
{
    /// <summary>
    /// The most vectors that leave a prompt room for one other token: CLIP reads 77 tokens, with those at both ends.
    /// </summary>
    internal const int MostVectors = 74;
    internal const int FewestAutoVectors = 4,
        MostAutoVectors = 6;

    /// <summary>A limit far above what memory allows.</summary>
    private const int LargestBatch = 1024;

    /// <exception cref="TextualInversionException">
    /// A value is out of its range; <see cref="TextualInversionException.Parameter"/> names the property.
    /// </exception>
    internal void Validate()
    {
        ValidateSteps();
        ValidateOptimizer();
        ValidateData();
    }

    /// <summary>Refuses timesteps that a model does not have.</summary>
    /// <param name="trainTimesteps">The model's number of timesteps.</param>
    /// <exception cref="TextualInversionException">As of <see cref="Validate"/>.</exception>
    internal void RequireTimesteps(int trainTimesteps)
    {
        const string Number = "the model's number of timesteps";
        Require(
            MinTimestep < trainTimesteps,
            nameof(MinTimestep),
            MinTimestep,
            $"less than {trainTimesteps}, {Number}"
        );
        Require(
            MaxTimestep is null || MaxTimestep <= trainTimesteps,
            nameof(MaxTimestep),
            MaxTimestep,
            $"at most {trainTimesteps}, {Number}"
        );
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
        // Its square neither vanishes nor overflows in float32.
        Require(HuberC is >= 1e-6 and <= 1000, nameof(HuberC), HuberC, "a number from 1e-6 to 1000, such as 0.1");
        Require(NoiseOffset is >= 0 and <= 1, nameof(NoiseOffset), NoiseOffset, "a number from 0 to 1, such as 0.05");
        Require(EmaDecay is >= 0 and < 1, nameof(EmaDecay), EmaDecay, "a number from 0 to below 1, such as 0.98");
        const string Even = "an even number, since antithetic noise comes in pairs";
        Require(!Antithetic || BatchSize % 2 == 0, nameof(BatchSize), BatchSize, Even);
    }

    private void ValidateData()
    {
        Require(MinTimestep >= 0, nameof(MinTimestep), MinTimestep, "0 or more");
        Require(
            MaxTimestep is null || MaxTimestep > MinTimestep,
            nameof(MaxTimestep),
            MaxTimestep,
            $"a number above the smallest timestep, which is {MinTimestep}"
        );
        Require(
            Vectors is null or (>= 1 and <= MostVectors),
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
