using TextualInversion.Data;
using TextualInversion.Models.Clip;
using static TorchSharp.torch;

namespace TextualInversion.Evaluation;

/// <summary>Images and texts as points that can be compared: unit vectors, whose product is their cosine.</summary>
internal sealed class ClipScorer : IDisposable
{
    private readonly ClipModel clip;
    private readonly ClipImageProcessor preparation;
    private string? hash;

    /// <param name="folder">of a CLIP in transformers' layout</param>
    /// <param name="device">where to compute</param>
    /// <exception cref="TextualInversionException">A file is missing, truncated or another model's.</exception>
    public ClipScorer(string folder, Device device)
    {
        clip = new ClipModel(folder, device);
        try
        {
            preparation = new ClipImageProcessor(folder, clip.ImageSize);
        }
        catch (TextualInversionException)
        {
            clip.Dispose();
            throw;
        }
    }

    /// <summary>SHA-256 of the networks' values.</summary>
    public string Hash => hash ??= clip.Hash();

    /// <summary>One at a time: among others the last digits would be others.</summary>
    public float[] Embed(RgbImage image)
    {
        using var scope = NewDisposeScope();
        return clip.EmbedImages(preparation.Prepare(image)).cpu().data<float>().ToArray();
    }

    public float[] Embed(string text)
    {
        using var scope = NewDisposeScope();
        return clip.EmbedTexts([text]).cpu().data<float>().ToArray();
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
