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

    /// <summary>
    /// The format of phone cameras. It is recognized so that an error can say how to convert it, but not decoded.
    /// </summary>
    Heic,

    /// <summary>Recognized so that an error can say how to convert it, but not decoded.</summary>
    Avif,
}
