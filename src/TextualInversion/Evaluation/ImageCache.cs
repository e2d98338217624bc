using System.Runtime.InteropServices;
using TextualInversion.Data;
using TextualInversion.Generation;
using TextualInversion.IO;

namespace TextualInversion.Evaluation;

/// <summary>
/// Keeps images and their CLIP embeddings in files that are named by an <see cref="ImageKey"/>. Each file is written
/// completely or not at all, so an interrupted evaluation continues where it stopped. A damaged file is made again.
/// </summary>
/// <param name="folder">Where to keep them; made when the first image is written.</param>
internal sealed class ImageCache(string folder)
{
    /// <param name="key">See <see cref="CandidateGenerator.Key"/>.</param>
    public string PathOf(string key) => Path.Combine(folder, key[..2], key + ".png");

    public bool Has(string key) => File.Exists(PathOf(key));

    /// <returns>The image; null if there is none, or if its file is damaged.</returns>
    public RgbImage? Find(string key)
    {
        try
        {
            return Has(key) ? ImageDecoder.Decode(PathOf(key)) : null;
        }
        catch (TextualInversionException)
        {
            return null;
        }
    }

    /// <exception cref="TextualInversionException">The file cannot be written.</exception>
    public void Keep(string key, RgbImage image, string parameters) =>
        ImageFile.Write(PathOf(key), image.Pixels, image.WidthPixels, image.HeightPixels, parameters, overwrite: true);

    /// <param name="key">The image's key.</param>
    /// <param name="clipHash">The hash of the CLIP model.</param>
    /// <returns>The image's embedding; null if there is none, or if its file is damaged.</returns>
    public float[]? FindEmbedding(string key, string clipHash)
    {
        var path = EmbeddingPath(key, clipHash);
        if (!File.Exists(path))
            return null;
        var values = MemoryMarshal.Cast<byte, float>(ImageDecoder.ReadBytes(path)).ToArray();
        var isUnitLength = values.Length > 0 && Math.Abs(ClipScorer.Cosine(values, values) - 1) < 1e-3;
        return isUnitLength ? values : null;
    }

    /// <exception cref="TextualInversionException">The file cannot be written.</exception>
    public void KeepEmbedding(string key, string clipHash, float[] embedding) =>
        AtomicFile.Write(
            EmbeddingPath(key, clipHash),
            overwrite: true,
            stream => stream.Write(MemoryMarshal.AsBytes(embedding.AsSpan()))
        );

    private string EmbeddingPath(string key, string clipHash) =>
        Path.ChangeExtension(PathOf(key), $".{clipHash[..16]}.clip");
}
