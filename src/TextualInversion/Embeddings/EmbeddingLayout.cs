namespace TextualInversion.Embeddings;

/// <summary>How programs lay embeddings out in files. Each has a class that reads and writes it.</summary>
public enum EmbeddingLayout
{
    /// <summary>See <see cref="DiffusersFormat"/>.</summary>
    Diffusers,

    /// <summary>See <see cref="WebUiFormat"/>.</summary>
    WebUi,

    /// <summary>See <see cref="WebUiSafetensorsFormat"/>.</summary>
    WebUiSafetensors,

    /// <summary>See <see cref="SdxlFormat"/>.</summary>
    Sdxl,

    /// <summary>See <see cref="PaperFormat"/>.</summary>
    Paper,

    /// <summary>See <see cref="PngCardFormat"/>.</summary>
    Png,

    /// <summary>See <see cref="BareFormat"/>.</summary>
    Bare,
}

/// <summary>The kinds of files that layouts are kept in.</summary>
internal enum EmbeddingContainer
{
    Safetensors,
    Torch,
    Png,
}

/// <summary>The layouts' names and what they hold.</summary>
internal static class EmbeddingLayouts
{
    /// <summary>As the command line calls it.</summary>
    public static string Name(EmbeddingLayout layout) =>
        layout switch
        {
            EmbeddingLayout.Diffusers => "diffusers",
            EmbeddingLayout.WebUi => "webui",
            EmbeddingLayout.WebUiSafetensors => "webui-safetensors",
            EmbeddingLayout.Sdxl => "sdxl",
            EmbeddingLayout.Paper => "paper",
            EmbeddingLayout.Png => "png",
            EmbeddingLayout.Bare => "bare",
            _ => throw new ArgumentOutOfRangeException(nameof(layout)),
        };

    /// <summary>The ending that its files have.</summary>
    public static string Extension(EmbeddingLayout layout) =>
        layout switch
        {
            EmbeddingLayout.Diffusers or EmbeddingLayout.WebUiSafetensors or EmbeddingLayout.Sdxl => ".safetensors",
            EmbeddingLayout.WebUi or EmbeddingLayout.Paper or EmbeddingLayout.Bare => ".pt",
            EmbeddingLayout.Png => ".png",
            _ => throw new ArgumentOutOfRangeException(nameof(layout)),
        };

    /// <summary>How many text encoders' rows it holds.</summary>
    public static int Encoders(EmbeddingLayout layout) => layout == EmbeddingLayout.Sdxl ? 2 : 1;

    /// <summary>What of an embedding a file at <paramref name="path"/> would not hold, for people to read; empty where it holds all.</summary>
    public static IReadOnlyList<string> Losses(EmbeddingLayout layout, string path, LearnedEmbedding embedding)
    {
        var isTorch = TorchExtensions.Has(path);
        var losses = new List<string>();
        var stem = Path.GetFileNameWithoutExtension(path);
        var hasTrigger = layout switch
        {
            EmbeddingLayout.Diffusers => true,
            EmbeddingLayout.WebUi or EmbeddingLayout.Png => embedding.Name is null
                || embedding.Name == embedding.Trigger, // one field for both
            EmbeddingLayout.Paper => embedding.Trigger != PaperFormat.Asterisk,
            EmbeddingLayout.Bare => false,
            EmbeddingLayout.Sdxl or EmbeddingLayout.WebUiSafetensors => !isTorch,
            _ => throw new ArgumentOutOfRangeException(nameof(layout)),
        };
        if (!hasTrigger && embedding.Trigger != stem)
            losses.Add($"the trigger {embedding.Trigger}");
        var hasName =
            layout is EmbeddingLayout.WebUi or EmbeddingLayout.Png
            || (layout is not (EmbeddingLayout.Paper or EmbeddingLayout.Bare) && !isTorch);
        if (!hasName && embedding.Name is { } name && name != stem)
            losses.Add($"the name {name}");
        var kept = layout switch
        {
            EmbeddingLayout.WebUi or EmbeddingLayout.Png => WebUiRecord.Keys,
            EmbeddingLayout.Diffusers or EmbeddingLayout.Sdxl or EmbeddingLayout.WebUiSafetensors when !isTorch =>
                embedding.Provenance.Keys,
            _ => [],
        };
        losses.AddRange(embedding.Provenance.Keys.Except(kept));
        return losses;
    }
}
