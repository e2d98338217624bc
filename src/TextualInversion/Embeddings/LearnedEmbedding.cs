using static TorchSharp.torch;

namespace TextualInversion.Embeddings;

/// <summary>The result of textual inversion: vectors that replace a placeholder token.</summary>
/// <param name="Trigger">The placeholder token, such as <c>&lt;my-cat&gt;</c>.</param>
/// <param name="Rows">The vectors, (n, d) float32 on the CPU, for each text encoder of the model.</param>
/// <param name="Provenance">The origin: base model, its hash, steps, seed and so on.</param>
internal sealed record LearnedEmbedding(
    string Trigger,
    IReadOnlyList<Tensor> Rows,
    IReadOnlyDictionary<string, string> Provenance
) : IDisposable
{
    /// <summary>
    /// The name in programs that have a name in addition to the placeholder token, such as the WebUI, or null if it is
    /// the same.
    /// </summary>
    public string? Name { get; init; }

    /// <summary>
    /// Whether prompts of the programs that it is made for call it by its placeholder token alone, not by the file's
    /// name, which is that of a LoRA. Default: no.
    /// </summary>
    public bool IsBundled { get; init; }

    /// <summary>n, the number of vectors.</summary>
    public int Vectors => (int)Rows[0].shape[0];

    /// <summary>d, the width of each text encoder's vectors.</summary>
    public IReadOnlyList<long> Widths => [.. Rows.Select(rows => rows.shape[1])];

    public void Dispose()
    {
        foreach (var rows in Rows)
            rows.Dispose();
    }
}
