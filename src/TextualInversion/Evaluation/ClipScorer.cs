using TextualInversion.Data;
using TextualInversion.Models.Clip;
using TextualInversion.Native;
using static TorchSharp.torch;

namespace TextualInversion.Evaluation;

/// <summary>Embeds images and texts with CLIP as vectors of length 1, which are compared by their cosine.</summary>
internal sealed class ClipScorer : IDisposable
{
    private readonly ClipModel clip;
    private readonly ClipImageProcessor processor;
    private string? hash;

    /// <param name="folder">A CLIP model in transformers' layout.</param>
    /// <param name="device">Where to compute.</param>
    /// <exception cref="TextualInversionException">
    /// A file is missing, truncated or belongs to another model.
    /// </exception>
    public ClipScorer(string folder, Device device)
    {
        clip = new ClipModel(folder, device);
        try
        {
            processor = new ClipImageProcessor(folder, clip.ImageSize);
        }
        catch (TextualInversionException)
        {
            clip.Dispose();
            throw;
        }
    }

    /// <summary>SHA-256 of the weights.</summary>
    public string Hash => hash ??= clip.Hash();

    /// <summary>Embeds one image. In a batch with others, its last digits would depend on them.</summary>
    public float[] Embed(RgbImage image)
    {
        using var scope = NewDisposeScope();
        return HostCopy.Floats(clip.EmbedImages(processor.Prepare(image)));
    }

    public float[] Embed(string text)
    {
        using var scope = NewDisposeScope();
        return HostCopy.Floats(clip.EmbedTexts([text]));
    }

    /// <summary>Embeds texts in one batch.</summary>
    public IEnumerable<float[]> Embed(IReadOnlyList<string> texts)
    {
        using var scope = NewDisposeScope();
        return HostCopy.Floats(clip.EmbedTexts(texts)).Chunk(clip.EmbeddingLength);
    }

    /// <summary>The cosine of two embeddings.</summary>
    public static double Cosine(float[] first, float[] second)
    {
        var sum = 0.0;
        for (var i = 0; i < first.Length; i++)
            sum += (double)first[i] * second[i];
        return sum;
    }

    public void Dispose() => clip.Dispose();
}
