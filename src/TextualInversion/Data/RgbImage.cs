namespace TextualInversion.Data;

/// <summary>A decoded image.</summary>
/// <param name="Pixels">(H, W, 3) bytes in the order red, green, blue, row by row from the top.</param>
/// <param name="WidthPixels">W, the width in pixels.</param>
/// <param name="HeightPixels">H, the height in pixels.</param>
internal sealed record RgbImage(byte[] Pixels, int WidthPixels, int HeightPixels)
{
    /// <summary>
    /// The largest square around the center. If the margin is odd, the upper or left part is the smaller one, as in
    /// diffusers' examples/textual_inversion/textual_inversion.py (https://github.com/huggingface/diffusers),
    /// <c>TextualInversionDataset</c>.
    /// </summary>
    public RgbImage CropCenter() =>
        CropCenter(Math.Min(WidthPixels, HeightPixels), Math.Min(WidthPixels, HeightPixels));

    /// <summary>The middle of the image, at most as large as the image itself.</summary>
    public RgbImage CropCenter(int widthPixels, int heightPixels)
    {
        int left = (WidthPixels - widthPixels) / 2,
            top = (HeightPixels - heightPixels) / 2;
        var cropped = new byte[widthPixels * heightPixels * 3];
        for (var y = 0; y < heightPixels; y++)
            Pixels
                .AsSpan(((top + y) * WidthPixels + left) * 3, widthPixels * 3)
                .CopyTo(cropped.AsSpan(y * widthPixels * 3));
        return new RgbImage(cropped, widthPixels, heightPixels);
    }
}
