using TextualInversion.Training.Initializers;

namespace TextualInversion.Tests.Training;

public sealed class TrainOptionsTests
{
    /// <summary>A property, and options in which it is out of range.</summary>
    public static TheoryData<string, TrainOptionsCase> BadValues => Bad();

    [Theory]
    [MemberData(nameof(BadValues))]
    public void Validate_ValueOutOfRange_NamesTheProperty(string property, TrainOptionsCase given)
    {
        var error = Assert.Throws<TextualInversionException>(given.Options.Validate);

        Assert.Equal(property, error.Parameter);
        Assert.DoesNotContain("--", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Validate_Defaults_AreValid()
    {
        new TrainOptions().Validate();
        TrainOptions.Diffusers.Validate();
    }

    [Fact]
    public void Validate_ValuesAtTheEdges_AreValid() =>
        new TrainOptions
        {
            Vectors = 74,
            Steps = 1,
            BatchSize = 2,
            Antithetic = true,
            Beta1 = 0,
            Resolution = 8,
            ValidateEvery = 1,
            HoldOut = true,
            NoiseOffset = 1,
            MinTimestep = 999,
            MaxTimestep = 1000,
            HuberC = 1e-6,
        }.Validate();

    [Theory]
    [InlineData(OptimizerKind.AdamW, 5e-3)]
    [InlineData(OptimizerKind.Direction, 5e-3)]
    [InlineData(OptimizerKind.Prodigy, 1)]
    public void LearningRate_NotSet_IsTheOptimizers(OptimizerKind optimizer, double expected)
    {
        var options = new TrainOptions { Optimizer = optimizer };

        Assert.Equal(expected, options.LearningRate);
        Assert.Equal(0.3, (options with { LearningRate = 0.3 }).LearningRate);
    }

    [Fact]
    public void Optimizer_NotSet_IsProdigyUnlessThereIsARate()
    {
        Assert.Equal(OptimizerKind.Prodigy, new TrainOptions().Optimizer);
        Assert.Equal(OptimizerKind.AdamW, new TrainOptions { LearningRate = 0.01 }.Optimizer);
    }

    [Theory]
    [InlineData(0, null, null)]
    [InlineData(999, 1000, null)]
    [InlineData(1000, null, nameof(TrainOptions.MinTimestep))]
    [InlineData(0, 1001, nameof(TrainOptions.MaxTimestep))]
    public void RequireTimesteps_ModelOf1000_RefusesMore(int smallest, int? end, string? property)
    {
        var options = new TrainOptions { MinTimestep = smallest, MaxTimestep = end };

        var error = Record.Exception(() => options.RequireTimesteps(1000));

        Assert.Equal(property, (error as TextualInversionException)?.Parameter);
        Assert.Equal(property is null, error is null);
    }

    [Theory]
    [InlineData(null, "auto", "teal rocket", 6, 4)]
    [InlineData(null, "auto", "a b c d e", 6, 5)]
    [InlineData(null, "cat", "cat", 4, 4)]
    [InlineData(2, "auto", "teal rocket", 2, 2)]
    public void VectorsFor_FoundPhrase_IsOneForEachWordWithinTheLimits(
        int? vectors,
        string initializer,
        string words,
        int before,
        int after
    )
    {
        var options = new TrainOptions { Vectors = vectors, Initializer = initializer };
        Assert.Equal(before, options.VectorCount);
        Assert.Equal(after, options.VectorsFor(new FoundPhrase(words, 1, [], [])));
    }

    private static TheoryData<string, TrainOptionsCase> Bad()
    {
        var data = new TheoryData<string, TrainOptionsCase>();
        void Add(string property, params TrainOptions[] options)
        {
            foreach (var each in options)
                data.Add(property, new TrainOptionsCase(each));
        }

        var valid = new TrainOptions();
        Add(nameof(valid.Vectors), valid with { Vectors = 0 }, valid with { Vectors = 75 });
        Add(nameof(valid.Steps), valid with { Steps = 0 });
        foreach (var rate in new[] { 0, -1, double.NaN, double.PositiveInfinity })
            Add(nameof(valid.LearningRate), valid with { LearningRate = rate });
        Add(nameof(valid.WarmupSteps), valid with { WarmupSteps = -1 }, valid with { Steps = 9, WarmupSteps = 10 });
        Add(
            nameof(valid.BatchSize),
            valid with
            {
                BatchSize = 0,
            },
            valid with
            {
                BatchSize = 1025,
            },
            valid with
            {
                BatchSize = 3,
                Antithetic = true,
            }
        );
        Add(nameof(valid.GradientAccumulationSteps), valid with { GradientAccumulationSteps = 0 });
        foreach (var share in new[] { 1, -0.1, double.NaN })
        {
            Add(nameof(valid.Beta1), valid with { Beta1 = share });
            Add(nameof(valid.Beta2), valid with { Beta2 = share });
            Add(nameof(valid.EmaDecay), valid with { EmaDecay = share });
            Add(nameof(valid.DropTags), valid with { DropTags = share });
        }

        foreach (var amount in new[] { -1, double.NaN, double.PositiveInfinity })
        {
            Add(nameof(valid.Epsilon), valid with { Epsilon = amount });
            Add(nameof(valid.WeightDecay), valid with { WeightDecay = amount });
            Add(nameof(valid.DirectionPrior), valid with { DirectionPrior = amount });
            Add(nameof(valid.MaxGradientNorm), valid with { MaxGradientNorm = amount });
            Add(nameof(valid.SnrGamma), valid with { SnrGamma = amount });
            Add(nameof(valid.NoiseOffset), valid with { NoiseOffset = amount });
        }

        Add(nameof(valid.Epsilon), valid with { Epsilon = 0 });
        Add(nameof(valid.SnrGamma), valid with { SnrGamma = 0 });
        Add(nameof(valid.SearchSteps), valid with { SearchSteps = 0 });
        Add(nameof(valid.NoiseOffset), valid with { NoiseOffset = 1.1 });
        Add(nameof(valid.ValidateEvery), valid with { ValidateEvery = -1 });
        Add(nameof(valid.HoldOut), valid with { ValidateEvery = 0, HoldOut = true });
        Add(nameof(valid.Patience), valid with { Patience = -1 });
        Add(nameof(valid.CheckpointInterval), valid with { CheckpointInterval = -1 });
        foreach (var c in new[] { 0, 1e-7, 1001, -1, double.NaN, double.PositiveInfinity })
            Add(nameof(valid.HuberC), valid with { HuberC = c });
        Add(nameof(valid.MinTimestep), valid with { MinTimestep = -1 });
        Add(
            nameof(valid.MaxTimestep),
            valid with
            {
                MaxTimestep = 0,
            },
            valid with
            {
                MinTimestep = 200,
                MaxTimestep = 200,
            }
        );
        Add(nameof(valid.KeepTags), valid with { KeepTags = -1 });
        foreach (var side in new[] { 0, 4, 12, 4104, -8 })
            Add(nameof(valid.Resolution), valid with { Resolution = side });
        return data;
    }

    /// <summary>The options of a test case. Public because xUnit requires it of theory data.</summary>
    public sealed class TrainOptionsCase
    {
        internal TrainOptionsCase(TrainOptions options) => Options = options;

        internal TrainOptions Options { get; }

        public override string ToString() => Options.ToString();
    }
}
