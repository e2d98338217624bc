using TextualInversion.Data;
using TextualInversion.Models;
using TextualInversion.Native;
using static TorchSharp.torch;

namespace TextualInversion.Training.Data;

/// <summary>
/// The images as the VAE sees them, encoded once for any number of runs: of each the distribution of its latents, and
/// after them of each mirrored if asked. They may have
/// different shapes.
/// </summary>
internal sealed class LatentDataset : IDisposable
{
    private readonly List<LatentDistribution> latents = []; // N or 2 N times (1, 4, h, w)
    private readonly List<Tensor?> masks = []; // N or 2 N times (1, h, w); null where everything counts
    private readonly SizeConditioning[] geometries;
    private readonly int[] repeats;

    /// <summary>
    /// Encodes the images one by one, so that the largest feature map is that of one, and frees the VAE.
    /// </summary>
    /// <param name="model">The frozen model.</param>
    /// <param name="images">Of any sizes.</param>
    /// <param name="options">Whether they are mirrored, how they were cropped, and whether one is held out.</param>
    /// <param name="cancellationToken">Stops between two images.</param>
    /// <exception cref="InvalidOperationException">The VAE changed.</exception>
    public LatentDataset(
        IDiffusionModel model,
        IReadOnlyList<TrainingImage> images,
        TrainOptions options,
        CancellationToken cancellationToken
    )
    {
        var before = model.Hash(ModelPart.VaeEncoder);
        (Learned, HeldOut) = HeldOutImage.Split(images, options);
        Device = model.Device;
        repeats = [.. images.Select(image => image.Repeats)];
        geometries = [.. images.Select(image => GeometryOf(image, options.Crop))];
        foreach (var flip in options.Flip ? new[] { false, true } : [false])
        {
            foreach (var image in images)
            {
                cancellationToken.ThrowIfCancellationRequested();
                using var scope = NewDisposeScope();
                var pixels = image.ToTensor().unsqueeze(0).to(model.Device); // (1, 3, H, W)
                var (mean, std) = model.EncodeImages(flip ? pixels.flip(3) : pixels);
                latents.Add(new LatentDistribution(mean.DetachFromDisposeScope(), std.DetachFromDisposeScope()));
                var mask = MaskOf(image, model);
                masks.Add((flip ? mask?.flip(2) : mask)?.DetachFromDisposeScope());
            }
        }

        Vae = FrozenHash.Of(ModelPart.VaeEncoder, before, model.Hash(ModelPart.VaeEncoder));
        model.ReleaseVae();
        Allocator.Trim();
    }

    /// <summary>N, the images without their mirror images.</summary>
    public int Count => geometries.Length;

    /// <summary>Of the VAE's encoder, before the images and after them.</summary>
    public FrozenHash Vae { get; }

    /// <summary>The numbers of those to learn from.</summary>
    public IReadOnlyList<int> Learned { get; }

    /// <summary>The number of the one that is only measured; null where none is.</summary>
    public int? HeldOut { get; }

    /// <summary>Where the latents are.</summary>
    public Device Device { get; }

    /// <summary>The size and crop of an image, mirrored or not.</summary>
    public SizeConditioning Geometry(int image) => geometries[image];

    /// <summary>h and w of an image.</summary>
    public (long Height, long Width) Size(int image) => (latents[image].Mean.shape[2], latents[image].Mean.shape[3]);

    /// <summary>Which images are in which batch of a run.</summary>
    internal BucketBatchSampler Order(ulong seed) =>
        new(seed, Learned.Select(image => (image, Size(image), repeats[image])));

    /// <summary>The shape of a batch of latents of an image's size, (B, 4, h, w).</summary>
    public long[] Shape(int image, int batch) => [batch, .. latents[image].Mean.shape[1..]];

    /// <summary>Draws latents of images, (B, 4, h, w).</summary>
    /// <param name="images">B indices below N, of images of one size</param>
    /// <param name="mirrored">B times whether the mirror image is meant</param>
    /// <param name="noise">(B, 4, h, w), standard normal</param>
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

    /// <summary>What counts of the same images, (B, h, w) in [0, 1]; null where everything does.</summary>
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
