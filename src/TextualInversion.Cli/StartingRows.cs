using TextualInversion.Models;
using static TorchSharp.torch;

namespace TextualInversion.Cli;

/// <summary>What <c>--initializer</c> names: where the rows start.</summary>
/// <param name="Words">as the first text encoder's tokenizer reads them, the encoders' vocabularies being alike; those of the property beside a file</param>
/// <param name="Rows">(n, d) for each text encoder</param>
/// <param name="File">the embedding that the rows are of; null where they are the words'</param>
/// <param name="FileSha256">of the file, when it was read</param>
internal sealed record StartingRows(Initializer Words, IReadOnlyList<Tensor> Rows, string? File = null, string? FileSha256 = null) : IDisposable
{
    /// <exception cref="TextualInversionException">The words are none of the vocabulary, or the file is missing or does not fit.</exception>
    public static StartingRows Read(TrainRequest request, IDiffusionModel network)
    {
        using var scope = NewDisposeScope();
        var vectors = request.Options.Vectors;
        var given = InitializerFile.TryRead(request.Initializer, vectors, [.. network.Vocabularies.Select(vocabulary => vocabulary.shape[1])]);
        var phrase = (given is null ? request.Initializer : null) ?? request.Options.Property.ToString().ToLowerInvariant();
        var words = network.Tokenizers.Select(tokenizer => Initializer.Parse(tokenizer, phrase)).ToList();
        var rows = given?.Select(each => each.to(network.Device)) ?? network.Vocabularies.Zip(words, (vocabulary, start) => Means(vocabulary, start, vectors));
        List<Tensor> kept = [.. rows.Select(each => each.DetachFromDisposeScope())];
        return given is null ? new StartingRows(words[0], kept) : new StartingRows(words[0], kept, request.Initializer, InitializerFile.Sha256(request.Initializer!));
    }

    public void Dispose()
    {
        foreach (var each in Rows) each.Dispose();
    }

    /// <summary>(n, d): each row the mean of its tokens' rows.</summary>
    private static Tensor Means(Tensor vocabulary, Initializer start, int vectors)
    {
        using var scope = NewDisposeScope();
        var rows = start.SpreadOver(vectors).Select(ids => vocabulary.index_select(0, tensor(ids.Select(id => (long)id).ToArray(), device: vocabulary.device)).mean([0]));
        return stack(rows).MoveToOuterDisposeScope();
    }
}
