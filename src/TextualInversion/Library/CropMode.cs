namespace TextualInversion;

/// <summary>What happens to a training image that is not square.</summary>
public enum CropMode
{
    /// <summary>The largest square around the center is kept; the rest is lost.</summary>
    Center,

    /// <summary>The whole image is resized to a square, which distorts it.</summary>
    Squash,

    /// <summary>The image nearly keeps its shape: it is cropped to the nearest of several aspect ratios.</summary>
    Bucket,
}
