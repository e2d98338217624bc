namespace TextualInversion.Cli.EmbeddingFiles;

/// <summary>A file that <c>ti convert</c> wrote, as in its JSON.</summary>
/// <param name="Path">The file.</param>
/// <param name="Layout">Its layout.</param>
/// <param name="Dtype">The dtype of its values.</param>
/// <param name="Name">The name for other programs, or null.</param>
/// <param name="Trigger">The placeholder.</param>
/// <param name="Vectors">The number of vectors.</param>
/// <param name="Widths">The width of each text encoder's vectors.</param>
/// <param name="Lost">What the layout cannot store.</param>
internal sealed record ConvertedEmbedding(
    string Path,
    string Layout,
    string Dtype,
    string? Name,
    string Trigger,
    int Vectors,
    IReadOnlyList<long> Widths,
    IReadOnlyList<string> Lost
);
