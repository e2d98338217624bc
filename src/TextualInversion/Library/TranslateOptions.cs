namespace TextualInversion;

/// <summary>How an embedding is carried over to another model.</summary>
public sealed record TranslateOptions
{
    /// <summary>
    /// The model that the embedding was trained on: a folder, a single file or a hub id. Default: the one that it
    /// records, <see cref="EmbeddingProvenance.BaseModel"/>.
    /// </summary>
    public string? FromModel { get; init; }

    /// <summary>The placeholder token of the new embedding. Default: that of the given one.</summary>
    public string? Token { get; init; }

    /// <summary>How the models are found. Default: as of a new <see cref="LoadOptions"/>.</summary>
    public LoadOptions Load { get; init; } = new();
}
