namespace TextualInversion;

/// <summary>An embedding that was carried over to another model.</summary>
public sealed class TranslateResult
{
    /// <summary>The embedding for the other model.</summary>
    public required Embedding Embedding { get; init; }

    /// <summary>Where the vectors for each text encoder of the other model come from.</summary>
    public required IReadOnlyList<TranslatedEncoder> TextEncoders { get; init; }

    /// <summary>
    /// The LoRAs that the embedding was trained with and that the new one does not record, since they are for another
    /// kind of model. Usually empty.
    /// </summary>
    public required IReadOnlyList<Lora> LostLoras { get; init; }
}

/// <summary>Where the vectors for a text encoder come from.</summary>
/// <param name="CopiedFrom">
/// The text encoder of the first model, from 0, that has the same vocabulary, so that its vectors are copied. Null if
/// they come from a linear map between the vocabularies.
/// </param>
/// <param name="Tokens">The number of tokens that the models have in common.</param>
/// <param name="Cosine">
/// The mean cosine similarity of mapped and true vectors of tokens that were held out, or null if vectors are copied.
/// </param>
/// <param name="NearestWordCosine">
/// The same for the vector of the nearest word in place of the map, or null if vectors are copied.
/// </param>
public sealed record TranslatedEncoder(int? CopiedFrom, int Tokens, double? Cosine, double? NearestWordCosine);
