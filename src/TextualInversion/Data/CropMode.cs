namespace TextualInversion.Data;

/// <summary>How a picture that is not square becomes one.</summary>
public enum CropMode
{
    /// <summary>The largest square around the centre; what is outside is lost.</summary>
    Center,

    /// <summary>The whole picture, distorted.</summary>
    Squash,
}
