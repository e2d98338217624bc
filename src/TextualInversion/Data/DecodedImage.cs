namespace TextualInversion.Data;

/// <summary>An image file as it was decoded, upright.</summary>
/// <param name="Rgb">The colors, those of transparent pixels too.</param>
/// <param name="Alpha">How opaque each pixel is, as a gray image, or null if the file has no alpha channel.</param>
/// <param name="IsTurned">Whether the file's EXIF data say that the image lies on its side, on its head or
/// mirrored.</param>
/// <param name="ForeignProfile">
/// The name of the color profile if its colors are not those of sRGB, or null. The profile is not applied.
/// </param>
internal sealed record DecodedImage(RgbImage Rgb, RgbImage? Alpha, bool IsTurned, string? ForeignProfile)
{
    /// <summary>Whether some pixels are not fully opaque.</summary>
    public bool IsTransparent => Alpha is not null && Alpha.Pixels.AsSpan().ContainsAnyExcept(byte.MaxValue);
}
