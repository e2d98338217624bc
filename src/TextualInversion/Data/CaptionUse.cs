namespace TextualInversion.Data;

/// <summary>What is done with the description beside a picture.</summary>
public enum CaptionUse
{
    /// <summary>It is the picture's only sentence. A picture without one is learned under the templates.</summary>
    Only,

    /// <summary>It takes turns with the templates, by chance, half of the times each.</summary>
    Mixed,

    /// <summary>It is not used.</summary>
    Off,
}
