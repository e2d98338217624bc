using TextualInversion.IO;
using TextualInversion.Tensors;
using TextualInversion.Tensors.Torch;
using static TorchSharp.torch;

namespace TextualInversion.Embeddings;

/// <summary>
/// diffusers' layout for models with one text encoder: one tensor named by its placeholder token, <c>{
/// "&lt;my-cat&gt;": [n, d] }</c>, in a safetensors or torch file
/// (https://huggingface.co/docs/diffusers/using-diffusers/textual_inversion_inference).
/// </summary>
internal static class DiffusersFormat
{
    /// <summary>
    /// The widths of SDXL's text encoders. diffusers' script writes their vectors to two files; the second has the name
    /// of the first with _2.
    /// </summary>
    private static readonly long[] PairWidths = [768, 1280];

    /// <summary>
    /// Reads a file of one tensor. If the second file of a pair is next to it, its vectors are read too.
    /// </summary>
    /// <param name="file">The file.</param>
    /// <param name="mayHaveSecond">Whether to look for a second file: not for files in memory.</param>
    /// <exception cref="TextualInversionException">
    /// The file does not hold exactly one tensor, or it cannot be an embedding.
    /// </exception>
    internal static EmbeddingFile Read(ITensorFile file, bool mayHaveSecond)
    {
        if (file.Tensors.Keys.Any(IsOfLora))
            throw new TextualInversionException(
                $"{file.FilePath}: is a LoRA without embeddings; name it as a LoRA when images are generated."
            );
        if (file.Tensors.Count != 1)
            throw new TextualInversionException(
                $"{file.FilePath}: not a recognized embedding format; found {Found(file)}."
            );
        var (name, entry) = file.Tensors.Single();
        List<Tensor> rows = [EmbeddingRows.Read(file, name)]; // (n, d)
        if (mayHaveSecond)
            rows.AddRange(Second(file, name, rows[0].shape));
        var trigger = name.Length > 0 ? name : Path.GetFileNameWithoutExtension(file.FilePath);
        return new EmbeddingFile(
            file.FilePath,
            EmbeddingFormat.Diffusers,
            SafetensorsMetadata.Container(file),
            entry.Type,
            new LearnedEmbedding(trigger, rows, SafetensorsMetadata.Provenance(file))
            {
                Name = SafetensorsMetadata.Name(file),
            }
        );
    }

    /// <summary>
    /// Writes a safetensors file with the provenance in its metadata, or a torch file if the extension is one of
    /// torch's, as in <c>learned_embeds.bin</c>.
    /// </summary>
    /// <exception cref="TextualInversionException">
    /// The placeholder token is one of the names by which layouts are recognized; or see
    /// <see cref="AtomicFile.Write"/>.
    /// </exception>
    public static void Write(
        string path,
        LearnedEmbedding embedding,
        bool overwrite,
        ScalarType type = ScalarType.Float32
    )
    {
        if (embedding.Rows.Count != 1)
            throw new ArgumentException("The layout holds the rows of one text encoder.", nameof(embedding));
        if (embedding.Trigger is "" or "__metadata__" or "string_to_param" || EncoderKeys.IsReserved(embedding.Trigger))
            throw new TextualInversionException(
                $"{path}: the trigger \"{embedding.Trigger}\" means something else in such a file; choose another."
            );
        using var scope = NewDisposeScope();
        var rows = EmbeddingRows.As(embedding.Rows[0], type);
        if (TorchExtensions.Has(path))
            TorchSave.Write(path, new Dictionary<string, object?> { [embedding.Trigger] = rows }, overwrite);
        else
            SafetensorsFile.Write(
                path,
                new Dictionary<string, Tensor> { [embedding.Trigger] = rows },
                SafetensorsMetadata.Metadata(embedding, withTrigger: false),
                overwrite
            );
    }

    /// <summary>Whether a tensor is called as those of LoRAs of kohya's scripts, diffusers and PEFT are.</summary>
    private static bool IsOfLora(string key) =>
        key.Contains(".lora_", StringComparison.Ordinal) || key.Contains("lora.down.", StringComparison.Ordinal);

    /// <summary>The first tensors and their shapes, for a message.</summary>
    private static string Found(ITensorFile file)
    {
        const int Shown = 4;
        if (file.Tensors.Count == 0)
            return "no tensors";
        var first = file
            .Tensors.Take(Shown)
            .Select(tensor => $"{MalformedFileException.Shown(tensor.Key)} [{string.Join(", ", tensor.Value.Shape)}]");
        var more = file.Tensors.Count > Shown ? $" and {file.Tensors.Count - Shown} more" : "";
        return string.Join(", ", first) + more;
    }

    /// <summary>The vectors in the second file of a pair; empty if there is none.</summary>
    private static IEnumerable<Tensor> Second(ITensorFile first, string name, long[] shape)
    {
        var path = first.FilePath;
        var beside = Path.Combine(
            Path.GetDirectoryName(path)!,
            $"{Path.GetFileNameWithoutExtension(path)}_2{Path.GetExtension(path)}"
        );
        if (shape[1] != PairWidths[0] || !File.Exists(beside))
            return [];
        var second = TensorFile.Open(beside);
        var isOther =
            second.Tensors.Count == 1
            && second.Tensors.TryGetValue(name, out var entry)
            && entry.Shape.SequenceEqual([shape[0], PairWidths[1]]);
        return isOther ? [EmbeddingRows.Read(second, name)] : [];
    }
}
