namespace TextualInversion.Data;

/// <summary>A decoded image file, turned upright.</summary>
/// <param name="Rgb">The colors, including those of transparent pixels.</param>
/// <param name="Alpha">The opacity of each pixel as a gray image, or null if the file has no alpha channel.</param>
/// <param name="IsTurned">Whether EXIF data turned or mirrored the image.</param>
/// <param name="ForeignProfile">
/// The name of the color profile if it is not sRGB and could not be converted, or null.
/// </param>
internal sealed record DecodedImage(RgbImage Rgb, RgbImage? Alpha, bool IsTurned, string? ForeignProfile)
{
    /// <summary>Whether some pixels are not fully opaque.</summary>
    public bool IsTransparent => Alpha is not null && Alpha.Pixels.AsSpan().ContainsAnyExcept(byte.MaxValue);
}
