namespace TextualInversion.Data;

/// <summary>The image formats that are recognized by their first bytes.</summary>
internal enum ImageFormat
{
    Jpeg,
    Png,
    WebP,
    Gif,
    Bmp,
    Tiff,

    /// <summary>What phones write. Recognized, so that an error can say how to convert it; not decoded.</summary>
    Heic,

    /// <summary>Recognized, so that an error can say how to convert it; not decoded.</summary>
    Avif,
}
