namespace TextualInversion.Data;

/// <summary>What is done with the description beside an image.</summary>
internal enum CaptionUse
{
    /// <summary>It is the image's only sentence. An image without one is learned under the templates.</summary>
    Only,

    /// <summary>It takes turns with the templates, by chance, half of the times each.</summary>
    Mixed,

    /// <summary>It is not used.</summary>
    Off,
}
