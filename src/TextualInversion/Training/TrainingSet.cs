using TextualInversion.Data;
using TextualInversion.Models;
using TextualInversion.Native;
using static TorchSharp.torch;

namespace TextualInversion.Training;

/// <summary>
/// The pictures as the VAE sees them, encoded once for any number of runs: of each the distribution of its latents, and after them of each mirrored if asked.
/// </summary>
public sealed class TrainingSet : IDisposable
{
    private readonly LatentDistribution latents; // (N or 2 N, 4, h, w)
    private readonly PictureGeometry[] geometries;

    /// <summary>Encodes the pictures one by one, so that the largest feature map is that of one, and frees the VAE.</summary>
    /// <param name="model">The frozen model.</param>
    /// <param name="pictures">All of one size.</param>
    /// <param name="options">Whether they are mirrored, and how they were cropped.</param>
    /// <param name="cancellationToken">Stops between two pictures.</param>
    /// <exception cref="InvalidOperationException">The VAE changed.</exception>
    public TrainingSet(IDiffusionModel model, IReadOnlyList<TrainingPicture> pictures, TrainOptions options, CancellationToken cancellationToken)
    {
        var before = model.Hash(ModelPart.VaeEncoder);
        geometries = [.. pictures.Select(picture => GeometryOf(picture, options.Crop))];
        using var scope = NewDisposeScope();
        var encoded = new List<LatentDistribution>();
        foreach (var flip in options.Flip ? new[] { false, true } : [false])
        {
            foreach (var picture in pictures)
            {
                cancellationToken.ThrowIfCancellationRequested();
                using var inner = NewDisposeScope();
                var pixels = picture.ToTensor().unsqueeze(0).to(model.Device); // (1, 3, S, S)
                var (mean, std) = model.EncodePictures(flip ? pixels.flip(3) : pixels);
                encoded.Add(new LatentDistribution(mean.MoveToOuterDisposeScope(), std.MoveToOuterDisposeScope()));
            }
        }

        latents = new LatentDistribution(
            cat([.. encoded.Select(item => item.Mean)], dim: 0).DetachFromDisposeScope(),
            cat([.. encoded.Select(item => item.Std)], dim: 0).DetachFromDisposeScope());
        Vae = FrozenHash.Of(ModelPart.VaeEncoder, before, model.Hash(ModelPart.VaeEncoder));
        model.ReleaseVae();
        Allocator.Trim();
    }

    /// <summary>N, the pictures without their mirror images.</summary>
    public int Count => geometries.Length;

    /// <summary>Of the VAE's encoder, before the pictures and after them.</summary>
    public FrozenHash Vae { get; }

    /// <summary>The size and crop of a picture, mirrored or not.</summary>
    public PictureGeometry Geometry(int picture) => geometries[picture];

    /// <summary>The shape of a batch of latents, (B, 4, h, w).</summary>
    public long[] Shape(int batch) => [batch, .. latents.Mean.shape[1..]];

    /// <summary>Draws latents of pictures, (B, 4, h, w).</summary>
    /// <param name="pictures">B indices below N</param>
    /// <param name="mirrored">B times whether the mirror image is meant</param>
    /// <param name="noise">(B, 4, h, w), standard normal</param>
    public Tensor Sample(int[] pictures, bool[] mirrored, Tensor noise)
    {
        using var scope = NewDisposeScope();
        var indices = tensor(pictures.Zip(mirrored, (picture, mirror) => (long)(mirror ? Count + picture : picture)).ToArray(), device: noise.device);
        var chosen = new LatentDistribution(latents.Mean.index_select(0, indices), latents.Std.index_select(0, indices));
        return chosen.Sample(noise).MoveToOuterDisposeScope();
    }

    public void Dispose() => latents.Dispose();

    private static PictureGeometry GeometryOf(TrainingPicture picture, CropMode crop) => crop switch
    {
        CropMode.Center => PictureGeometry.CenterCrop(picture.OriginalHeightPixels, picture.OriginalWidthPixels, picture.Pixels.HeightPixels),
        CropMode.Squash => PictureGeometry.Squash(picture.OriginalHeightPixels, picture.OriginalWidthPixels, picture.Pixels.HeightPixels),
        _ => throw new ArgumentOutOfRangeException(nameof(crop)),
    };
}
