using TextualInversion.Data;
using TextualInversion.Generation;

namespace TextualInversion;

/// <summary>A generated image.</summary>
public sealed class Image
{
    private readonly RgbImage image;

    internal Image(RgbImage image, string parameters) => (this.image, Parameters) = (image, parameters);

    /// <summary>Three bytes a pixel, red, green and blue, row by row from the top.</summary>
    public ReadOnlyMemory<byte> Pixels => image.Pixels;

    /// <summary>The width in pixels.</summary>
    public int Width => image.WidthPixels;

    /// <summary>The height in pixels.</summary>
    public int Height => image.HeightPixels;

    /// <summary>
    /// The prompt and the settings that made it, in the text format that Stable Diffusion programs store in images.
    /// </summary>
    public string Parameters { get; }

    /// <summary>
    /// Writes the image with <see cref="Parameters"/> in its metadata. The file is there whole or not at all.
    /// </summary>
    /// <param name="path">
    /// A file that ends in .png, .jpg, .jpeg or .webp; its folder is created if it does not exist.
    /// </param>
    /// <param name="overwrite">Whether an existing file is replaced.</param>
    /// <exception cref="ArgumentException">The path has another extension.</exception>
    /// <exception cref="TextualInversionException">The file exists or cannot be written.</exception>
    public void Save(string path, bool overwrite = false)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ImageFile.Write(path, image.Pixels, Width, Height, Parameters, overwrite);
    }
}
