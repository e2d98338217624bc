using TextualInversion.Data;
using TextualInversion.Models;
using TextualInversion.Native;
using static TorchSharp.torch;

namespace TextualInversion.Training.Data;

/// <summary>
/// The pictures as the VAE sees them, encoded once for any number of runs: of each the distribution of its latents, and after them of each mirrored if asked. They may have
/// different shapes.
/// </summary>
public sealed class TrainingSet : IDisposable
{
    private readonly List<LatentDistribution> latents = []; // N or 2 N times (1, 4, h, w)
    private readonly List<Tensor?> masks = []; // N or 2 N times (1, h, w); null where everything counts
    private readonly PictureGeometry[] geometries;
    private readonly int[] repeats;

    /// <summary>Encodes the pictures one by one, so that the largest feature map is that of one, and frees the VAE.</summary>
    /// <param name="model">The frozen model.</param>
    /// <param name="pictures">Of any sizes.</param>
    /// <param name="options">Whether they are mirrored, how they were cropped, and whether one is held out.</param>
    /// <param name="cancellationToken">Stops between two pictures.</param>
    /// <exception cref="InvalidOperationException">The VAE changed.</exception>
    public TrainingSet(
        IDiffusionModel model,
        IReadOnlyList<TrainingPicture> pictures,
        TrainOptions options,
        CancellationToken cancellationToken
    )
    {
        var before = model.Hash(ModelPart.VaeEncoder);
        (Learned, HeldOut) = HeldOutPicture.Split(pictures, options);
        Device = model.Device;
        repeats = [.. pictures.Select(picture => picture.Repeats)];
        geometries = [.. pictures.Select(picture => GeometryOf(picture, options.Crop))];
        foreach (var flip in options.Flip ? new[] { false, true } : [false])
        {
            foreach (var picture in pictures)
            {
                cancellationToken.ThrowIfCancellationRequested();
                using var scope = NewDisposeScope();
                var pixels = picture.ToTensor().unsqueeze(0).to(model.Device); // (1, 3, H, W)
                var (mean, std) = model.EncodePictures(flip ? pixels.flip(3) : pixels);
                latents.Add(new LatentDistribution(mean.DetachFromDisposeScope(), std.DetachFromDisposeScope()));
                var mask = MaskOf(picture, model);
                masks.Add((flip ? mask?.flip(2) : mask)?.DetachFromDisposeScope());
            }
        }

        Vae = FrozenHash.Of(ModelPart.VaeEncoder, before, model.Hash(ModelPart.VaeEncoder));
        model.ReleaseVae();
        Allocator.Trim();
    }

    /// <summary>N, the pictures without their mirror images.</summary>
    public int Count => geometries.Length;

    /// <summary>Of the VAE's encoder, before the pictures and after them.</summary>
    public FrozenHash Vae { get; }

    /// <summary>The numbers of those to learn from.</summary>
    public IReadOnlyList<int> Learned { get; }

    /// <summary>The number of the one that is only measured; null where none is.</summary>
    public int? HeldOut { get; }

    /// <summary>Where the latents are.</summary>
    public Device Device { get; }

    /// <summary>The size and crop of a picture, mirrored or not.</summary>
    public PictureGeometry Geometry(int picture) => geometries[picture];

    /// <summary>h and w of a picture.</summary>
    public (long Height, long Width) Size(int picture) =>
        (latents[picture].Mean.shape[2], latents[picture].Mean.shape[3]);

    /// <summary>Which pictures are in which batch of a run.</summary>
    internal PictureOrder Order(ulong seed) =>
        new(seed, Learned.Select(picture => (picture, Size(picture), repeats[picture])));

    /// <summary>The shape of a batch of latents of a picture's size, (B, 4, h, w).</summary>
    public long[] Shape(int picture, int batch) => [batch, .. latents[picture].Mean.shape[1..]];

    /// <summary>Draws latents of pictures, (B, 4, h, w).</summary>
    /// <param name="pictures">B indices below N, of pictures of one size</param>
    /// <param name="mirrored">B times whether the mirror image is meant</param>
    /// <param name="noise">(B, 4, h, w), standard normal</param>
    public Tensor Sample(int[] pictures, bool[] mirrored, Tensor noise)
    {
        using var scope = NewDisposeScope();
        var chosen = Indices(pictures, mirrored).Select(index => latents[index]).ToList();
        var all = new LatentDistribution(
            cat([.. chosen.Select(each => each.Mean)], dim: 0),
            cat([.. chosen.Select(each => each.Std)], dim: 0)
        ); // (B, 4, h, w)
        return all.Sample(noise).MoveToOuterDisposeScope();
    }

    /// <summary>What counts of the same pictures, (B, h, w) in [0, 1]; null where everything does.</summary>
    public Tensor? Masks(int[] pictures, bool[] mirrored)
    {
        var chosen = Indices(pictures, mirrored).Select(index => masks[index]).ToList();
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

    private IEnumerable<int> Indices(int[] pictures, bool[] mirrored) =>
        pictures.Zip(mirrored, (picture, mirror) => mirror ? Count + picture : picture);

    private static Tensor? MaskOf(TrainingPicture picture, IDiffusionModel model)
    {
        if (picture.Mask is not { IsWhole: false } mask)
            return null;
        var side = model.PixelsPerCell;
        return tensor(mask.Average(side), [1, mask.HeightPixels / side, mask.WidthPixels / side], device: model.Device); // (1, h, w)
    }

    private static PictureGeometry GeometryOf(TrainingPicture picture, CropMode crop)
    {
        var (originalHeight, originalWidth, height, width) = (
            picture.OriginalHeightPixels,
            picture.OriginalWidthPixels,
            picture.Pixels.HeightPixels,
            picture.Pixels.WidthPixels
        );
        switch (crop)
        {
            case CropMode.Center:
                return PictureGeometry.CenterCrop(originalHeight, originalWidth, height);
            case CropMode.Squash:
                return PictureGeometry.Squash(originalHeight, originalWidth, height);
            case CropMode.Bucket:
                var covering = PictureFit.Covering(originalWidth, originalHeight, (width, height));
                return new PictureGeometry(
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
