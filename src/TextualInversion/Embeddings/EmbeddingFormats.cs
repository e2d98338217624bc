namespace TextualInversion.Embeddings;

/// <summary>The kinds of files that layouts are kept in.</summary>
internal enum EmbeddingContainer
{
    Safetensors,
    Torch,
    Png,
}

/// <summary>The layouts' names and what they hold.</summary>
internal static class EmbeddingFormats
{
    /// <summary>As the command line calls it.</summary>
    public static string Name(EmbeddingFormat layout) =>
        layout switch
        {
            EmbeddingFormat.Diffusers => "diffusers",
            EmbeddingFormat.WebUi => "webui",
            EmbeddingFormat.WebUiSafetensors => "webui-safetensors",
            EmbeddingFormat.Sdxl => "sdxl",
            EmbeddingFormat.Paper => "paper",
            EmbeddingFormat.Png => "png",
            EmbeddingFormat.Bare => "bare",
            _ => throw new ArgumentOutOfRangeException(nameof(layout)),
        };

    /// <summary>The layout that embeddings are written in by default.</summary>
    /// <param name="encoders">The number of text encoders of the model, 1 or 2.</param>
    public static EmbeddingFormat Default(int encoders) =>
        encoders == 1 ? EmbeddingFormat.Diffusers : EmbeddingFormat.Sdxl;

    /// <summary>The extension of its files.</summary>
    public static string Extension(EmbeddingFormat layout) =>
        layout switch
        {
            EmbeddingFormat.Diffusers or EmbeddingFormat.WebUiSafetensors or EmbeddingFormat.Sdxl => ".safetensors",
            EmbeddingFormat.WebUi or EmbeddingFormat.Paper or EmbeddingFormat.Bare => ".pt",
            EmbeddingFormat.Png => ".png",
            _ => throw new ArgumentOutOfRangeException(nameof(layout)),
        };

    /// <summary>How many text encoders' rows it holds.</summary>
    public static int Encoders(EmbeddingFormat layout) => layout == EmbeddingFormat.Sdxl ? 2 : 1;

    /// <summary>
    /// The fields of an embedding that a file at <paramref name="path"/> cannot store, for people to read.
    /// </summary>
    public static IReadOnlyList<string> DroppedFields(EmbeddingFormat layout, string path, LearnedEmbedding embedding)
    {
        var isTorch = TorchExtensions.Has(path);
        var dropped = new List<string>();
        var stem = Path.GetFileNameWithoutExtension(path);
        var hasTrigger = layout switch
        {
            EmbeddingFormat.Diffusers => true,
            EmbeddingFormat.WebUi or EmbeddingFormat.Png => embedding.Name is null
                || embedding.Name == embedding.Trigger, // one field for both
            EmbeddingFormat.Paper => embedding.Trigger != PaperFormat.Asterisk,
            EmbeddingFormat.Bare => false,
            EmbeddingFormat.Sdxl or EmbeddingFormat.WebUiSafetensors => !isTorch,
            _ => throw new ArgumentOutOfRangeException(nameof(layout)),
        };
        if (!hasTrigger && embedding.Trigger != stem)
            dropped.Add($"the trigger {embedding.Trigger}");
        var hasName =
            layout is EmbeddingFormat.WebUi or EmbeddingFormat.Png
            || (layout is not (EmbeddingFormat.Paper or EmbeddingFormat.Bare) && !isTorch);
        if (!hasName && embedding.Name is { } name && name != stem)
            dropped.Add($"the name {name}");
        var kept = layout switch
        {
            EmbeddingFormat.WebUi or EmbeddingFormat.Png => WebUiRecord.Keys,
            EmbeddingFormat.Diffusers or EmbeddingFormat.Sdxl or EmbeddingFormat.WebUiSafetensors when !isTorch =>
                embedding.Provenance.Keys,
            _ => [],
        };
        dropped.AddRange(embedding.Provenance.Keys.Except(kept));
        return dropped;
    }
}
