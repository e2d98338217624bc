using System.Runtime.InteropServices;
using TextualInversion.Data;
using TextualInversion.Generation;
using TextualInversion.IO;

namespace TextualInversion.Evaluation;

/// <summary>
/// Images and what CLIP makes of them, in files named by their content. Each file is there whole or not at all, so an interrupted
/// evaluation goes on where it was; one that was damaged is made anew.
/// </summary>
/// <param name="folder">where; made when the first image is kept</param>
internal sealed class ImageCache(string folder)
{
    /// <param name="key">see <see cref="CandidateGenerator.Key"/></param>
    public string PathOf(string key) => Path.Combine(folder, key[..2], key + ".png");

    public bool Has(string key) => File.Exists(PathOf(key));

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

    /// <exception cref="TextualInversionException">It cannot be written.</exception>
    public void Keep(string key, RgbImage image, string parameters) =>
        ImageFile.Write(PathOf(key), image.Pixels, image.WidthPixels, image.HeightPixels, parameters, overwrite: true);

    /// <param name="key">of the image</param>
    /// <param name="clipHash">of the CLIP</param>
    public float[]? FindEmbedding(string key, string clipHash)
    {
        var path = EmbeddingPath(key, clipHash);
        if (!File.Exists(path))
            return null;
        var numbers = MemoryMarshal.Cast<byte, float>(ImageDecoder.ReadBytes(path)).ToArray();
        return numbers.Length > 0 && Math.Abs(ClipScorer.Cosine(numbers, numbers) - 1) < 1e-3 ? numbers : null;
    }

    /// <exception cref="TextualInversionException">It cannot be written.</exception>
    public void KeepEmbedding(string key, string clipHash, float[] embedding) =>
        AtomicFile.Write(
            EmbeddingPath(key, clipHash),
            overwrite: true,
            stream => stream.Write(MemoryMarshal.AsBytes(embedding.AsSpan()))
        );

    private string EmbeddingPath(string key, string clipHash) =>
        Path.ChangeExtension(PathOf(key), $".{clipHash[..16]}.clip");
}
