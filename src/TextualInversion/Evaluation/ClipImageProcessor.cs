using System.Text.Json;
using TextualInversion.Checkpoints;
using TextualInversion.Data;
using static TorchSharp.torch;

namespace TextualInversion.Evaluation;

/// <summary>
/// Prepares an image for CLIP's image encoder, as transformers' <c>CLIPImageProcessor</c> does with Pillow: resizes the
/// shorter side, crops the center, and normalizes the colors by mean and standard deviation. Values that a folder's
/// <c>preprocessor_config.json</c> does not give are those of OpenAI's models.
/// </summary>
internal sealed class ClipImageProcessor
{
    public const string ConfigFile = "preprocessor_config.json";
    private const int Bicubic = 3; // Pillow's code
    private const int MostPixels = 4096;

    private readonly int shortestSide,
        side;
    private readonly double rescaleFactor;
    private readonly double[] mean,
        deviation;

    /// <param name="folder">The folder of the model. Without a config, the encoder's own image size is used.</param>
    /// <param name="imageSize">
    /// The side of the encoder's images, in pixels; null for an encoder that takes any, so that the config must say it.
    /// </param>
    /// <param name="patchSize">The least side, in pixels. Default: 1.</param>
    /// <exception cref="TextualInversionException">
    /// The config is malformed or asks for something that is not supported.
    /// </exception>
    public ClipImageProcessor(string folder, int? imageSize, int patchSize = 1)
    {
        var path = Path.Combine(folder, ConfigFile);
        var config = File.Exists(path) ? ConfigJson.Parse<Config>(ConfigJson.ReadText(path), path) : new Config();
        var check = new ConfigCheck(path);
        var missing = $"{path}: is missing or does not say the size of images (crop_size); the folder is incomplete.";
        side =
            Side(config.CropSize, check, "crop_size", "height")
            ?? imageSize
            ?? throw new TextualInversionException(missing);
        shortestSide = Side(config.Size, check, "size", "shortest_edge") ?? imageSize ?? side;
        (rescaleFactor, mean, deviation) = (config.RescaleFactor, config.ImageMean, config.ImageStd);
        if (side < patchSize)
            throw new TextualInversionException($"{path}: makes images of {side} pixels, less than a patch.");
        if ((imageSize is not null && side != imageSize) || shortestSide < side)
            throw new TextualInversionException(
                $"{path}: makes images of {side} pixels from {shortestSide}, and config.json says that the "
                    + $"model takes {imageSize ?? side}; the two do not belong together."
            );
    }

    /// <returns>(1, 3, S, S) float32.</returns>
    public Tensor Prepare(RgbImage image)
    {
        var cropped = Crop(Resize(image));
        var plane = side * side;
        var values = new float[3 * plane]; // (3, S, S)
        for (var i = 0; i < plane; i++)
        {
            for (var channel = 0; channel < 3; channel++)
                values[channel * plane + i] = (float)(
                    (cropped[3 * i + channel] * rescaleFactor - mean[channel]) / deviation[channel]
                );
        }

        return tensor(values, [1, 3, side, side]);
    }

    private RgbImage Resize(RgbImage image)
    {
        long width = image.WidthPixels,
            height = image.HeightPixels;
        var longest = (int)(shortestSide * Math.Max(width, height) / Math.Min(width, height));
        return width <= height
            ? BicubicResize.Resize(image, shortestSide, longest)
            : BicubicResize.Resize(image, longest, shortestSide);
    }

    private byte[] Crop(RgbImage image)
    {
        int left = (image.WidthPixels - side) / 2,
            top = (image.HeightPixels - side) / 2;
        var cropped = new byte[side * side * 3];
        for (var y = 0; y < side; y++)
            image
                .Pixels.AsSpan(((top + y) * image.WidthPixels + left) * 3, side * 3)
                .CopyTo(cropped.AsSpan(y * side * 3));
        return cropped;
    }

    /// <summary>
    /// A size in pixels: a number in files of 2022, an object in later ones. Null if the file does not have the key.
    /// </summary>
    private static int? Side(JsonElement size, ConfigCheck check, string key, string side)
    {
        if (size.ValueKind == JsonValueKind.Undefined)
            return null;
        if (size.ValueKind == JsonValueKind.Object && size.TryGetProperty(side, out var inside))
            (size, key) = (inside, $"{key}.{side}");
        var isWhole = size.ValueKind == JsonValueKind.Number && size.TryGetInt32(out _);
        var allowed = $"a number of pixels from 1 to {MostPixels}, or an object with {side}";
        check.Require(isWhole && size.GetInt32() is > 0 and <= MostPixels, key, size.GetRawText(), allowed);
        return size.GetInt32();
    }

    private sealed record Config : IModelConfig
    {
        public JsonElement Size { get; init; }

        public JsonElement CropSize { get; init; }

        public int Resample { get; init; } = Bicubic;

        public double RescaleFactor { get; init; } = 1 / 255.0;

        public double[] ImageMean { get; init; } = [0.48145466, 0.4578275, 0.40821073];

        public double[] ImageStd { get; init; } = [0.26862954, 0.26130258, 0.27577711];

        public void Validate(ConfigCheck check)
        {
            const string Three = "a list of three numbers";
            check.Require(Resample == Bicubic, "resample", Resample, $"{Bicubic}, bicubic");
            check.Positive("rescale_factor", RescaleFactor, 1000);
            check.Require(ImageMean.Length == 3, "the length of image_mean", ImageMean.Length, Three);
            check.Require(ImageStd.Length == 3, "the length of image_std", ImageStd.Length, Three);
            foreach (var mean in ImageMean)
                check.Require(Math.Abs(mean) <= 1000, "image_mean", mean, "from -1000 to 1000");
            foreach (var deviation in ImageStd)
                check.Positive("image_std", deviation, 1000);
        }
    }
}
