namespace TextualInversion.Data;

/// <summary>What becomes of an image that is not square.</summary>
public enum CropMode
{
    /// <summary>The largest square around the centre; what is outside is lost.</summary>
    Center,

    /// <summary>The whole image, distorted.</summary>
    Squash,

    /// <summary>It stays as it is, nearly: see <see cref="AspectBuckets"/>.</summary>
    Bucket,
}
