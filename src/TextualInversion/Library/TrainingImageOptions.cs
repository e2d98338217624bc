namespace TextualInversion;

/// <summary>How training images are read.</summary>
public sealed record TrainingImageOptions
{
    /// <summary>What happens to images that are not square. Default: the center is cropped.</summary>
    public CropMode Crop { get; init; } = CropMode.Center;

    /// <summary>The parts of the images that count in the loss, or null if all of them do. Default: null.</summary>
    public MaskSource? Masks { get; init; }

    /// <summary>
    /// What captions are used for. The caption of <c>1.png</c> is the text of <c>1.txt</c> next to it.
    /// Default: an image that has a caption is trained with it alone.
    /// </summary>
    public CaptionUse Captions { get; init; } = CaptionUse.Only;
}
