using TextualInversion.Cli.ModelAccess;
using TextualInversion.Models;
using TextualInversion.Models.Tokenizers;
using TextualInversion.Training.Initializers;
using static TorchSharp.torch;

namespace TextualInversion.Cli.Train;

/// <summary>The arguments of <c>ti train</c>, before models and images are read.</summary>
internal sealed record TrainRequest
{
    /// <summary>The placeholder token, or that of the first of several words.</summary>
    public required Placeholder Placeholder { get; init; }

    /// <summary>
    /// The arguments of each word, if several are trained together: of these the placeholder, and of the options the
    /// initializer, the number of vectors and the learning rate are its own. Null for one word.
    /// </summary>
    public IReadOnlyList<TrainRequest>? Together { get; init; }

    /// <summary>The placeholder token of each word.</summary>
    public IReadOnlyList<Placeholder> Placeholders =>
        Together is null ? [Placeholder] : [.. Together.Select(word => word.Placeholder)];

    /// <summary>Folders and files.</summary>
    public required IReadOnlyList<string> Images { get; init; }

    public required TrainOptions Options { get; init; }

    /// <summary>
    /// The number of trainings. The first has the options' seed, each other one the next seed.
    /// </summary>
    public required int Seeds { get; init; }

    /// <summary>Whether the embedding is meant for negative prompts, which its file then says.</summary>
    public bool IsNegative { get; init; }

    public required ModelRequest Model { get; init; }

    public required string Device { get; init; }

    public required Precision Precision { get; init; }

    /// <summary>Whether encoded images are kept in the user's cache.</summary>
    public bool UsesLatentCache { get; init; } = true;

    /// <summary>Whether training starts from a phrase that is searched for.</summary>
    public bool SearchesInitializer => Options.SearchesInitializer;

    /// <summary>
    /// Rows to start from that were made of an embedding file, in place of the options' initializer; null for none.
    /// </summary>
    public GivenRows? Given { get; init; }

    /// <summary>The rows that training starts from.</summary>
    /// <exception cref="TextualInversionException">
    /// The words are not in the vocabulary, or the file is missing or does not fit.
    /// </exception>
    public InitialEmbedding ReadInitializer(IDiffusionModel network) =>
        Given is { } given
            ? InitialEmbedding.Of(given.Rows, given.File, given.FileSha256, Options, network)
            : InitialEmbedding.Read(Options.Initializer, Options, network);
}

/// <summary>Rows that were made of an embedding file.</summary>
/// <param name="Rows">(n, d) for each text encoder of the model that is trained on. Training copies them.</param>
/// <param name="File">The embedding file.</param>
/// <param name="FileSha256">The SHA-256 of the file, in lower-case hexadecimal.</param>
internal sealed record GivenRows(IReadOnlyList<Tensor> Rows, string File, string FileSha256);
