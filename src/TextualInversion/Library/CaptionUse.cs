namespace TextualInversion;

/// <summary>What the caption of a training image is used for.</summary>
public enum CaptionUse
{
    /// <summary>
    /// The caption is the image's only prompt. An image without a caption is trained with the templates.
    /// </summary>
    Only,

    /// <summary>The caption and the templates take turns at random, each half of the time.</summary>
    Mixed,

    /// <summary>Captions are ignored.</summary>
    Off,
}
