namespace TextualInversion.Data;

/// <summary>A decoded picture.</summary>
/// <param name="Pixels">(H, W, 3) bytes in the order red, green, blue, row by row from the top.</param>
/// <param name="WidthPixels">W.</param>
/// <param name="HeightPixels">H.</param>
public sealed record RgbPicture(byte[] Pixels, int WidthPixels, int HeightPixels)
{
    /// <summary>
    /// The largest square around the centre. Where what is cut off is odd, the upper or left part is the smaller, as in diffusers'
    /// examples/textual_inversion/textual_inversion.py (https://github.com/huggingface/diffusers), <c>TextualInversionDataset</c>.
    /// </summary>
    public RgbPicture CropCenter()
    {
        var side = Math.Min(WidthPixels, HeightPixels);
        int left = (WidthPixels - side) / 2, top = (HeightPixels - side) / 2;
        var cropped = new byte[side * side * 3];
        for (var y = 0; y < side; y++)
            Pixels.AsSpan(((top + y) * WidthPixels + left) * 3, side * 3).CopyTo(cropped.AsSpan(y * side * 3));
        return new RgbPicture(cropped, side, side);
    }
}
