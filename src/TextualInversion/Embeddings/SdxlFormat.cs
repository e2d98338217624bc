using TextualInversion.Checkpoints;
using static TorchSharp.torch;

namespace TextualInversion.Embeddings;

/// <summary>
/// The layout for Stable Diffusion XL that ComfyUI, the WebUI and diffusers read: a safetensors file with exactly the tensors
/// <c>clip_l</c> [n, d1] and <c>clip_g</c> [n, d2]. It has no place for the placeholder's text, which other programs take from the
/// file's name; the metadata holds it too.
/// </summary>
public static class SdxlFormat
{
    private const string TriggerKey = "trigger";

    private static readonly string[] Keys = ["clip_l", "clip_g"]; // in the order of the encoders

    /// <summary>Whether a file is of this layout.</summary>
    public static bool Matches(SafetensorsFile file) => file.Tensors.Count == Keys.Length && Keys.All(file.Tensors.ContainsKey);

    /// <exception cref="TextualInversionException">The file is not whole or of another layout.</exception>
    public static LearnedEmbedding Read(string path)
    {
        var file = SafetensorsFile.Open(path);
        var shapes = Keys.Select(key => file.Tensors.GetValueOrDefault(key)?.Shape ?? []).ToList();
        if (!Matches(file) || shapes.Exists(shape => shape.Length != 2 || shape.Contains(0)) || shapes[0][0] != shapes[1][0])
            throw new TextualInversionException($"{path}: is no embedding for Stable Diffusion XL, which holds clip_l and clip_g with n x d numbers each; it holds {string.Join(", ", file.Tensors.Take(4).Select(tensor => $"{tensor.Key} [{string.Join(", ", tensor.Value.Shape)}]"))}.");
        using var scope = NewDisposeScope();
        var rows = Keys.Select(key => file.Read(key).to(ScalarType.Float32).clone().DetachFromDisposeScope()).ToList(); // (n, d1), (n, d2)
        return new LearnedEmbedding(file.Metadata.GetValueOrDefault(TriggerKey) ?? Path.GetFileNameWithoutExtension(path), rows, file.Metadata);
    }

    /// <summary>Writes float32; the trigger and the provenance go to the file's metadata.</summary>
    /// <exception cref="TextualInversionException">See <see cref="AtomicFile.Write"/>.</exception>
    public static void Write(string path, LearnedEmbedding embedding, bool overwrite)
    {
        if (embedding.Rows.Count != Keys.Length) throw new ArgumentException("The layout holds the rows of two text encoders.", nameof(embedding));
        var metadata = new Dictionary<string, string> { ["format"] = "pt", [TriggerKey] = embedding.Trigger };
        foreach (var (key, value) in embedding.Provenance) metadata[key] = value;
        SafetensorsFile.Write(path, Keys.Zip(embedding.Rows).ToDictionary(pair => pair.First, pair => pair.Second), metadata, overwrite);
    }
}
