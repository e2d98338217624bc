namespace TextualInversion.Embeddings;

/// <summary>The kinds of files that hold embeddings.</summary>
internal enum EmbeddingContainer
{
    Safetensors,
    Torch,
    Png,
}

/// <summary>The names and properties of the layouts.</summary>
internal static class EmbeddingFormats
{
    /// <summary>The layout's name on the command line.</summary>
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

    /// <summary>The default layout for writing embeddings.</summary>
    /// <param name="encoders">The number of text encoders of the model, 1 or 2.</param>
    public static EmbeddingFormat Default(int encoders) =>
        encoders == 1 ? EmbeddingFormat.Diffusers : EmbeddingFormat.Sdxl;

    /// <summary>The extension of the layout's files.</summary>
    public static string Extension(EmbeddingFormat layout) =>
        layout switch
        {
            EmbeddingFormat.Diffusers or EmbeddingFormat.WebUiSafetensors or EmbeddingFormat.Sdxl => ".safetensors",
            EmbeddingFormat.WebUi or EmbeddingFormat.Paper or EmbeddingFormat.Bare => ".pt",
            EmbeddingFormat.Png => ".png",
            _ => throw new ArgumentOutOfRangeException(nameof(layout)),
        };

    /// <summary>The number of text encoders whose vectors the layout holds.</summary>
    public static int Encoders(EmbeddingFormat layout) => layout == EmbeddingFormat.Sdxl ? 2 : 1;

    /// <summary>
    /// The fields of an embedding that a file at <paramref name="path"/> cannot store, as text for the user.
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
                || embedding.Name == embedding.Trigger, // one field stores both
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
        // Without ModelSpec's, which describe the file itself.
        dropped.AddRange(
            embedding
                .Provenance.Keys.Except(kept)
                .Where(key => !key.StartsWith(ModelSpec.Prefix, StringComparison.Ordinal))
        );
        if (ModelSpec.IsNegative(embedding.Provenance) && !kept.Contains(ModelSpec.NegativeKey))
            dropped.Add("that it is for negative prompts");
        return dropped;
    }
}
