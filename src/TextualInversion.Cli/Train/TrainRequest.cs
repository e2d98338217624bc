using TextualInversion.Cli.ModelAccess;
using TextualInversion.Models.Tokenizers;
using TextualInversion.Training;

namespace TextualInversion.Cli.Train;

/// <summary>What was asked of <c>ti train</c>, before models and images are looked for.</summary>
internal sealed record TrainRequest
{
    /// <summary>What <see cref="Initializer"/> is where the word is to be looked for.</summary>
    public const string Auto = "auto";

    public required Placeholder Placeholder { get; init; }

    /// <summary>Folders and files.</summary>
    public required IReadOnlyList<string> Images { get; init; }

    /// <summary>Words, a file, or <see cref="Auto"/>; null for the property's word.</summary>
    public required string? Initializer { get; init; }

    public required TrainOptions Options { get; init; }

    /// <summary>How many trainings, the first with the options' seed and each of the others with the seed after.</summary>
    public required int Seeds { get; init; }

    /// <summary>Whether images are mirrored even where their descriptions speak against it, see <see cref="FlipPolicy"/>.</summary>
    public required bool ForceFlip { get; init; }

    /// <summary>With <c>{}</c> for the placeholder.</summary>
    public required IReadOnlyList<string> Sentences { get; init; }

    public required ModelRequest Model { get; init; }

    public required string Device { get; init; }

    public required Precision Precision { get; init; }

    public required Checkpointing Checkpointing { get; init; }
}

/// <summary>Whether most of the U-Net is computed twice a step rather than kept.</summary>
internal enum Checkpointing
{
    /// <summary>Where the memory would not suffice.</summary>
    Auto,
    On,
    Off,
}
