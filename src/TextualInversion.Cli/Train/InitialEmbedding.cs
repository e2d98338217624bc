using TextualInversion.Models;
using TextualInversion.Models.Tokenizers;
using TextualInversion.Training.Initializers;
using static TorchSharp.torch;

namespace TextualInversion.Cli.Train;

/// <summary>What <c>--initializer</c> names: where the rows start.</summary>
/// <param name="Words">as the first text encoder's tokenizer reads them, the encoders' vocabularies being alike; those of the property beside a file</param>
/// <param name="Rows">(n, d) for each text encoder</param>
/// <param name="File">the embedding that the rows are of; null where they are the words'</param>
/// <param name="FileSha256">of the file, when it was read</param>
/// <param name="Found">the words that a search found, the first of them these; null where there was none</param>
internal sealed record InitialEmbedding(
    Initializer Words,
    IReadOnlyList<Tensor> Rows,
    string? File = null,
    string? FileSha256 = null,
    IReadOnlyList<RankedWord>? Found = null
) : IDisposable
{
    /// <exception cref="TextualInversionException">The words are none of the vocabulary, or the file is missing or does not fit.</exception>
    public static InitialEmbedding Read(TrainRequest request, IDiffusionModel network)
    {
        using var scope = NewDisposeScope();
        var vectors = request.Options.Vectors;
        var given = InitializerFile.TryRead(
            request.Initializer,
            vectors,
            [.. network.Vocabularies.Select(vocabulary => vocabulary.shape[1])]
        );
        var property = request.Options.Property.ToString().ToLowerInvariant();
        if (given is null)
            return Of(
                request.Initializer is null or TrainRequest.Auto ? property : request.Initializer,
                vectors,
                network
            );
        List<Tensor> rows = [.. given.Select(each => each.to(network.Device).DetachFromDisposeScope())];
        return new InitialEmbedding(
            Initializer.Parse(network.Tokenizers[0], property),
            rows,
            request.Initializer,
            InitializerFile.Sha256(request.Initializer!)
        );
    }

    /// <param name="phrase">words</param>
    /// <param name="vectors">rows that start from them</param>
    /// <param name="network">whose words they are</param>
    /// <exception cref="TextualInversionException">The words are none of the vocabulary.</exception>
    public static InitialEmbedding Of(string phrase, int vectors, IDiffusionModel network)
    {
        var words = network.Tokenizers.Select(tokenizer => Initializer.Parse(tokenizer, phrase)).ToList();
        return new InitialEmbedding(
            words[0],
            [
                .. network.Vocabularies.Zip(
                    words,
                    (vocabulary, start) => Means(vocabulary, start, vectors).DetachFromDisposeScope()
                ),
            ]
        );
    }

    public void Dispose()
    {
        foreach (var each in Rows)
            each.Dispose();
    }

    /// <summary>(n, d): each row the mean of its tokens' rows.</summary>
    private static Tensor Means(Tensor vocabulary, Initializer start, int vectors)
    {
        using var scope = NewDisposeScope();
        var rows = start
            .SpreadOver(vectors)
            .Select(ids =>
                vocabulary
                    .index_select(0, tensor(ids.Select(id => (long)id).ToArray(), device: vocabulary.device))
                    .mean([0])
            );
        return stack(rows).MoveToOuterDisposeScope();
    }
}
