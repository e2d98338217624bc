using TextualInversion.IO;
using TextualInversion.Models;
using TextualInversion.Models.Tokenizers;
using static TorchSharp.torch;

namespace TextualInversion.Training.Initializers;

/// <summary>The rows that training starts from.</summary>
/// <param name="Words">Their words, as the first text encoder's tokenizer reads them; of a file, the property's
/// word.</param>
/// <param name="Rows">(n, d) for each text encoder.</param>
/// <param name="File">The embedding file that holds the rows, or null if they are those of words.</param>
/// <param name="FileSha256">The SHA-256 of the file when it was read, in lower-case hexadecimal.</param>
/// <param name="Found">The phrase that a search found, or null if there was no search.</param>
internal sealed record InitialEmbedding(
    Initializer Words,
    IReadOnlyList<Tensor> Rows,
    string? File = null,
    string? FileSha256 = null,
    FoundPhrase? Found = null
) : IDisposable
{
    /// <summary>The initializer that stands for the phrase that a search finds.</summary>
    public const string Auto = "auto";

    /// <param name="initializer">Words, an embedding file, or <see cref="Auto"/>, which is the property's word until
    /// the search.</param>
    /// <param name="options">The number of vectors and the property.</param>
    /// <param name="network">The model.</param>
    /// <exception cref="TextualInversionException">The words are not in the vocabulary, or the file is missing or does
    /// not fit.</exception>
    public static InitialEmbedding Read(string initializer, TrainOptions options, IDiffusionModel network)
    {
        using var scope = NewDisposeScope();
        if (initializer is Auto)
            return Of(options.PropertyWord, options.VectorCount, network);
        List<long> widths = [.. network.Vocabularies.Select(vocabulary => vocabulary.shape[1])];
        if (InitializerFile.TryRead(initializer, options.VectorCount, widths) is not { } given)
            return Of(initializer, options.VectorCount, network);
        return Of(given, initializer, Sha256.OfFile(initializer), options, network);
    }

    /// <summary>Rows of an embedding file, or what was made of them. They are copied.</summary>
    /// <param name="rows">(n, d) for each text encoder of the model.</param>
    /// <param name="file">The embedding file.</param>
    /// <param name="fileSha256">The SHA-256 of the file, in lower-case hexadecimal.</param>
    /// <param name="options">The property, whose word stands for the rows where words are needed.</param>
    /// <param name="network">The model.</param>
    public static InitialEmbedding Of(
        IReadOnlyList<Tensor> rows,
        string file,
        string fileSha256,
        TrainOptions options,
        IDiffusionModel network
    )
    {
        using var scope = NewDisposeScope();
        var words = Initializer.Parse(network.Tokenizers[0], options.PropertyWord);
        List<Tensor> own = [.. rows.Select(each => each.clone().to(network.Device).DetachFromDisposeScope())];
        return new InitialEmbedding(words, own, file, fileSha256);
    }

    /// <param name="phrase">Words of the vocabulary.</param>
    /// <param name="vectors">The number of rows.</param>
    /// <param name="network">The model.</param>
    /// <exception cref="TextualInversionException">The words are not in the vocabulary.</exception>
    public static InitialEmbedding Of(string phrase, int vectors, IDiffusionModel network)
    {
        var words = network.Tokenizers.Select(tokenizer => Initializer.Parse(tokenizer, phrase)).ToList();
        var rows = network.Vocabularies.Zip(
            words,
            (vocabulary, start) => start.Rows(vocabulary, vectors).DetachFromDisposeScope()
        );
        return new InitialEmbedding(words[0], [.. rows]);
    }

    /// <summary>The same for the phrase that a search found.</summary>
    /// <param name="found">The phrase.</param>
    /// <param name="asked">The options as they were given: the phrase may decide the number of rows.</param>
    /// <param name="network">The model.</param>
    public static InitialEmbedding Of(FoundPhrase found, TrainOptions asked, IDiffusionModel network) =>
        Of(found.Words, asked.VectorsFor(found), network) with
        {
            Found = found,
        };

    /// <summary>n, the number of rows.</summary>
    public int Vectors => (int)Rows[0].shape[0];

    public void Dispose()
    {
        foreach (var each in Rows)
            each.Dispose();
    }
}
