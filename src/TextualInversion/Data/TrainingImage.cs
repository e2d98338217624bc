using static TorchSharp.torch;

namespace TextualInversion.Data;

/// <summary>An image at the resolution of training.</summary>
/// <param name="Path">The path as the user gave it.</param>
/// <param name="Pixels">(H, W, 3) bytes, H x W pixels.</param>
/// <param name="Sha256">The SHA-256 of the file, in lower-case hexadecimal.</param>
/// <param name="OriginalWidthPixels">The width of the upright image before cropping and resizing.</param>
/// <param name="OriginalHeightPixels">The height of the upright image before cropping and resizing.</param>
/// <param name="Caption">The caption, see <see cref="Captions"/>, or null if the image has none.</param>
internal sealed record TrainingImage(
    string Path,
    RgbImage Pixels,
    string Sha256,
    int OriginalWidthPixels,
    int OriginalHeightPixels,
    string? Caption
)
{
    // In double precision and then rounded, as diffusers' example does with NumPy.
    private static readonly float[] UnitRange =
    [
        .. Enumerable.Range(0, 256).Select(value => (float)(value / 127.5 - 1)),
    ];

    /// <summary>The loss mask, or null if all pixels count fully.</summary>
    public ImageMask? Mask { get; init; }

    /// <summary>How often the image is drawn relative to the others; see <see cref="FolderRepeats"/>.</summary>
    public int Repeats { get; init; } = 1;

    /// <summary>Whether EXIF data turned or mirrored the image.</summary>
    public bool IsTurned { get; init; }

    /// <summary>Warnings about the image and its caption.</summary>
    public IReadOnlyList<ImageWarning> Warnings { get; init; } = [];

    /// <summary>Whether the image is smaller than the resolution of training, so that it was enlarged.</summary>
    public bool IsEnlarged => OriginalWidthPixels < Pixels.WidthPixels || OriginalHeightPixels < Pixels.HeightPixels;

    /// <summary>The pixels as (3, H, W) float32 in [-1, 1], on the CPU.</summary>
    public Tensor ToTensor()
    {
        int height = Pixels.HeightPixels,
            width = Pixels.WidthPixels;
        var values = new float[Pixels.Pixels.Length];
        for (var i = 0; i < values.Length; i++)
            values[i] = UnitRange[Pixels.Pixels[i]];
        using var scope = NewDisposeScope();
        return tensor(values, [height, width, 3]).permute(2, 0, 1).contiguous().MoveToOuterDisposeScope(); // (3, H, W)
    }
}
