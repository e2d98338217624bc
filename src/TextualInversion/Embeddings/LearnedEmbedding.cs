using static TorchSharp.torch;

namespace TextualInversion.Embeddings;

/// <summary>What textual inversion makes: rows to put in a placeholder's place.</summary>
/// <param name="Trigger">the placeholder's text, such as <c>&lt;my-cat&gt;</c></param>
/// <param name="Rows">(n, d) float32 on the CPU, for each text encoder of the model</param>
/// <param name="Provenance">where it comes from: base model, its hash, steps, seed</param>
internal sealed record LearnedEmbedding(
    string Trigger,
    IReadOnlyList<Tensor> Rows,
    IReadOnlyDictionary<string, string> Provenance
) : IDisposable
{
    /// <summary>
    /// What programs call it that go by a name beside the placeholder, the WebUI's record above all; null where that is
    /// the trigger.
    /// </summary>
    public string? Name { get; init; }

    /// <summary>n</summary>
    public int Vectors => (int)Rows[0].shape[0];

    /// <summary>d of each encoder.</summary>
    public IReadOnlyList<long> Widths => [.. Rows.Select(rows => rows.shape[1])];

    public void Dispose()
    {
        foreach (var rows in Rows)
            rows.Dispose();
    }
}
