using TextualInversion.Cli.Infrastructure;
using TextualInversion.Cli.ModelAccess;
using TextualInversion.Models;
using TextualInversion.Models.Tokenizers;
using TextualInversion.Training.Data;
using TextualInversion.Training.Initializers;

namespace TextualInversion.Cli.Train;

/// <summary>What was asked of <c>ti train</c>, before models and images are looked for.</summary>
internal sealed record TrainRequest
{
    /// <summary>What <see cref="Initializer"/> is where the word is to be looked for.</summary>
    public const string Auto = InitialEmbedding.Auto;

    public required Placeholder Placeholder { get; init; }

    /// <summary>Folders and files.</summary>
    public required IReadOnlyList<string> Images { get; init; }

    /// <summary>Words, a file, or <see cref="Auto"/>; null for the property's word.</summary>
    public required string? Initializer { get; init; }

    public required TrainOptions Options { get; init; }

    /// <summary>
    /// How many trainings, the first with the options' seed and each of the others with the seed after.
    /// </summary>
    public required int Seeds { get; init; }

    /// <summary>
    /// Whether images are mirrored even where their descriptions speak against it, see <see cref="FlipPolicy"/>.
    /// </summary>
    public required bool ForceFlip { get; init; }

    /// <summary>With <c>{}</c> for the placeholder.</summary>
    public required IReadOnlyList<string> Sentences { get; init; }

    public required ModelRequest Model { get; init; }

    public required string Device { get; init; }

    public required Precision Precision { get; init; }

    public required GradientCheckpointing Checkpointing { get; init; }

    /// <summary>The rows that training starts from.</summary>
    /// <exception cref="TextualInversionException">The words are not in the vocabulary, or the file is missing or does
    /// not fit.</exception>
    public InitialEmbedding ReadInitializer(IDiffusionModel network)
    {
        InitialEmbedding? start = null;
        ParameterErrors.Translate(
            () => start = InitialEmbedding.Read(Initializer, Options, network),
            name => name == nameof(TrainOptions.Initializer) ? "--initializer" : null
        );
        return start!;
    }
}
