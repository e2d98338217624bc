using TextualInversion.Data;
using TextualInversion.Native;
using static TorchSharp.torch;

namespace TextualInversion.Generation;

/// <summary>An image to start from.</summary>
/// <param name="Path">The path as the user gave it.</param>
/// <param name="Image">The image, of any size.</param>
/// <param name="Sha256">The SHA-256 of the file, in lower-case hexadecimal.</param>
internal sealed record InitImage(string Path, RgbImage Image, string Sha256)
{
    /// <exception cref="TextualInversionException">
    /// The file cannot be read, is not an image, is damaged or too large.
    /// </exception>
    public static InitImage Read(string path)
    {
        var file = ImageDecoder.ReadBytes(path);
        return new InitImage(path, ImageDecoder.Decode(path, file), IO.Sha256.OfBytes(file));
    }

    /// <summary>Crops around the center to the aspect ratio, then resizes with Pillow's bicubic filter.</summary>
    /// <returns>(1, 3, H, W) in [-1, 1].</returns>
    internal static Tensor ToPixels(RgbImage image, int widthPixels, int heightPixels)
    {
        var resized = BicubicResize.Resize(CropToShape(image, widthPixels, heightPixels), widthPixels, heightPixels);
        using var scope = NewDisposeScope();
        var bytes = tensor(resized.Pixels, [heightPixels, widthPixels, 3]); // (H, W, 3)
        return bytes
            .to(ScalarType.Float32)
            .DividedBy(127.5)
            .Minus(1.0)
            .permute(2, 0, 1)
            .unsqueeze(0)
            .contiguous()
            .MoveToOuterDisposeScope(); // (1, 3, H, W)
    }

    private static RgbImage CropToShape(RgbImage image, int widthPixels, int heightPixels)
    {
        var scale = Math.Min((double)image.WidthPixels / widthPixels, (double)image.HeightPixels / heightPixels);
        int width = Math.Clamp((int)Math.Round(widthPixels * scale), 1, image.WidthPixels),
            height = Math.Clamp((int)Math.Round(heightPixels * scale), 1, image.HeightPixels);
        int left = (image.WidthPixels - width) / 2,
            top = (image.HeightPixels - height) / 2;
        var cropped = new byte[width * height * 3];
        for (var y = 0; y < height; y++)
            image
                .Pixels.AsSpan(((top + y) * image.WidthPixels + left) * 3, width * 3)
                .CopyTo(cropped.AsSpan(y * width * 3));
        return new RgbImage(cropped, width, height);
    }
}
