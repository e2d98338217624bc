using TextualInversion.Checkpoints;
using static TorchSharp.torch;

namespace TextualInversion.Embeddings;

/// <summary>
/// diffusers' layout for models with one text encoder: a safetensors file with one tensor, <c>{ "&lt;my-cat&gt;": [n, d] }</c>
/// (https://huggingface.co/docs/diffusers/using-diffusers/textual_inversion_inference). Other layouts will each have a file beside this one.
/// </summary>
public static class DiffusersFormat
{
    /// <exception cref="TextualInversionException">The file is not whole or of another layout.</exception>
    public static LearnedEmbedding Read(string path)
    {
        var file = SafetensorsFile.Open(path);
        var (trigger, entry) = file.Tensors.Count == 1 ? file.Tensors.Single() : default;
        if (trigger is null || entry.Shape.Length is not (1 or 2) || entry.Shape.Contains(0))
            throw new TextualInversionException($"{path}: is no embedding of diffusers' layout, which holds one tensor of n x d numbers named by its placeholder; it holds {file.Tensors.Count} tensors.");
        using var scope = NewDisposeScope();
        var rows = file.Read(trigger).to(ScalarType.Float32).reshape(-1, entry.Shape[^1]).clone(); // (n, d): files of 2022 have one row as (d)
        return new LearnedEmbedding(trigger, [rows.DetachFromDisposeScope()], file.Metadata);
    }

    /// <summary>Writes float32; the provenance goes to the file's metadata.</summary>
    /// <exception cref="TextualInversionException">See <see cref="AtomicFile.Write"/>.</exception>
    public static void Write(string path, LearnedEmbedding embedding, bool overwrite)
    {
        if (embedding.Rows.Count != 1) throw new ArgumentException("The layout holds the rows of one text encoder.", nameof(embedding));
        var metadata = new Dictionary<string, string> { ["format"] = "pt" };
        foreach (var (key, value) in embedding.Provenance) metadata[key] = value;
        SafetensorsFile.Write(path, new Dictionary<string, Tensor> { [embedding.Trigger] = embedding.Rows[0] }, metadata, overwrite);
    }
}
