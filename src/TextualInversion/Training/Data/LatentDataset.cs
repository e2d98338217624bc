using TextualInversion.Data;
using TextualInversion.Models;
using static TorchSharp.torch;

namespace TextualInversion.Training.Data;

/// <summary>
/// The training images as latents, encoded once for any number of runs. Each image has the distribution of its latents
/// and, if flips are on, that of its mirror image. Images may have different shapes. N is the number of images.
/// </summary>
internal sealed class LatentDataset : IDisposable
{
    private readonly List<LatentDistribution> latents; // N or 2 N times (1, 4, h, w); the second N are mirrored
    private readonly List<Tensor?> masks = []; // N or 2 N times (1, h, w); null for a full mask
    private readonly SizeConditioning[] geometries;
    private readonly int[] repeats;

    /// <summary>Encodes the images, then frees the VAE.</summary>
    /// <param name="model">The frozen model.</param>
    /// <param name="images">The images, of any sizes.</param>
    /// <param name="options">Whether to flip, how the images were cropped, and whether one is held out.</param>
    /// <param name="cancellationToken">Checked before each image.</param>
    /// <param name="cache">Where encoded images are kept, or null to encode each image.</param>
    /// <param name="progress">See <see cref="LatentEncoder.Encode"/>.</param>
    /// <exception cref="InvalidOperationException">The VAE changed.</exception>
    public LatentDataset(
        IDiffusionModel model,
        IReadOnlyList<TrainingImage> images,
        TrainOptions options,
        CancellationToken cancellationToken,
        LatentCache? cache = null,
        Action<int, int>? progress = null
    )
    {
        (Learned, HeldOut) = HeldOutImage.Split(images, options);
        Device = model.Device;
        repeats = [.. images.Select(image => image.Repeats)];
        geometries = [.. images.Select(image => GeometryOf(image, options.Crop))];
        foreach (var flip in options.Flip ? new[] { false, true } : [false])
        {
            foreach (var image in images)
            {
                using var scope = NewDisposeScope();
                var mask = MaskOf(image, model);
                masks.Add((flip ? mask?.flip(2) : mask)?.DetachFromDisposeScope());
            }
        }

        var encoder = new LatentEncoder(model, cache);
        (latents, Vae) = encoder.Encode(images, options.Flip, progress ?? ((_, _) => { }), cancellationToken);
    }

    /// <summary>N, the number of images, not counting mirror images.</summary>
    public int Count => geometries.Length;

    /// <summary>The hashes of the VAE's encoder before and after encoding.</summary>
    public FrozenHash Vae { get; }

    /// <summary>The numbers of the images to train on.</summary>
    public IReadOnlyList<int> Learned { get; }

    /// <summary>The number of the held-out image, or null if there is none.</summary>
    public int? HeldOut { get; }

    /// <summary>The device that holds the latents.</summary>
    public Device Device { get; }

    /// <summary>The size and crop of an image, the same for its mirror image.</summary>
    public SizeConditioning Geometry(int image) => geometries[image];

    /// <summary>The height and width of an image's latents, h and w.</summary>
    public (long Height, long Width) Size(int image) => (latents[image].Mean.shape[2], latents[image].Mean.shape[3]);

    /// <summary>The batches of a run with the given seed.</summary>
    internal BucketBatchSampler Order(ulong seed) =>
        new(seed, Learned.Select(image => (image, Size(image), repeats[image])));

    /// <summary>The shape of a batch of latents of one image's size, (B, 4, h, w).</summary>
    public long[] Shape(int image, int batch) => [batch, .. latents[image].Mean.shape[1..]];

    /// <summary>Samples the latents of images, (B, 4, h, w).</summary>
    /// <param name="images">B numbers below N, of images of the same size.</param>
    /// <param name="mirrored">B flags: whether to take the mirror image.</param>
    /// <param name="noise">Standard normal noise, (B, 4, h, w).</param>
    public Tensor Sample(int[] images, bool[] mirrored, Tensor noise)
    {
        using var scope = NewDisposeScope();
        var chosen = Indices(images, mirrored).Select(index => latents[index]).ToList();
        var all = new LatentDistribution(
            cat([.. chosen.Select(each => each.Mean)], dim: 0),
            cat([.. chosen.Select(each => each.Std)], dim: 0)
        ); // (B, 4, h, w)
        return all.Sample(noise).MoveToOuterDisposeScope();
    }

    /// <summary>The loss masks of the same images, (B, h, w) in [0, 1], or null if all are full.</summary>
    public Tensor? Masks(int[] images, bool[] mirrored)
    {
        var chosen = Indices(images, mirrored).Select(index => masks[index]).ToList();
        if (chosen.All(mask => mask is null))
            return null;
        using var scope = NewDisposeScope();
        var whole = ones_like(chosen.First(mask => mask is not null)!);
        return cat([.. chosen.Select(mask => mask ?? whole)], dim: 0).MoveToOuterDisposeScope(); // (B, h, w)
    }

    public void Dispose()
    {
        foreach (var each in latents)
            each.Dispose();
        foreach (var mask in masks)
            mask?.Dispose();
    }

    private IEnumerable<int> Indices(int[] images, bool[] mirrored) =>
        images.Zip(mirrored, (image, mirror) => mirror ? Count + image : image);

    private static Tensor? MaskOf(TrainingImage image, IDiffusionModel model)
    {
        if (image.Mask is not { IsWhole: false } mask)
            return null;
        var side = model.PixelsPerCell;
        // (1, h, w)
        return tensor(mask.Average(side), [1, mask.HeightPixels / side, mask.WidthPixels / side], device: model.Device);
    }

    private static SizeConditioning GeometryOf(TrainingImage image, CropMode crop)
    {
        var (originalHeight, originalWidth, height, width) = (
            image.OriginalHeightPixels,
            image.OriginalWidthPixels,
            image.Pixels.HeightPixels,
            image.Pixels.WidthPixels
        );
        switch (crop)
        {
            case CropMode.Center:
                return SizeConditioning.CenterCrop(originalHeight, originalWidth, height);
            case CropMode.Squash:
                return SizeConditioning.Squash(originalHeight, originalWidth, height);
            case CropMode.Bucket:
                var covering = ImageFit.Covering(originalWidth, originalHeight, (width, height));
                return new SizeConditioning(
                    originalHeight,
                    originalWidth,
                    (covering.HeightPixels - height) / 2,
                    (covering.WidthPixels - width) / 2,
                    height,
                    width
                );
            default:
                throw new ArgumentOutOfRangeException(nameof(crop));
        }
    }
}
