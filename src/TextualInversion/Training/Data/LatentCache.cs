using System.Globalization;
using TextualInversion.Data;
using TextualInversion.IO;
using TextualInversion.Models;
using TextualInversion.Tensors;
using static TorchSharp.torch;

namespace TextualInversion.Training.Data;

/// <summary>
/// Keeps encoded images in files, so that another training on the same images does not encode them again. Each file is
/// named by the hash of everything that its values depend on, and is written completely or not at all. A damaged or
/// foreign file counts as missing and is replaced. Any number of processes can share the folder.
/// </summary>
/// <param name="folder">Where to keep them; made when the first one is written.</param>
/// <param name="mostBytes">
/// If the files take more, <see cref="Shrink"/> deletes those that were not used for longest. Default: 1 GiB, about
/// 8,000 images of 512 x 512 pixels.
/// </param>
internal sealed class LatentCache(string folder, long mostBytes = 1L << 30)
{
    private const string Extension = ".latent";
    private const int MostFileBytes = 1 << 28;
    private const string KeyField = "key",
        ContentField = "sha256",
        MeanName = "mean",
        StdName = "std";

    // An image may have been encoded by another version of this library; its module has an id of its own.
    private static readonly Guid Version = typeof(LatentCache).Module.ModuleVersionId;

    public string Folder => folder;

    /// <summary>The name of an image's latents.</summary>
    /// <param name="image">The image at the resolution of training.</param>
    /// <param name="mirrored">Whether its mirror image is meant.</param>
    /// <param name="vaeHash">The hash of the VAE's encoder.</param>
    /// <param name="device">Where it is encoded; devices and numbers of threads round differently.</param>
    public static string Key(RgbImage image, bool mirrored, string vaeHash, Device device) =>
        Sha256.OfText(
            string.Create(
                CultureInfo.InvariantCulture,
                $"{Version} {vaeHash} {device} {get_num_threads()} {image.WidthPixels}x{image.HeightPixels} {mirrored} "
            ) + Sha256.OfBytes(image.Pixels)
        );

    /// <param name="key">See <see cref="Key"/>.</param>
    /// <param name="device">Where the result is needed.</param>
    /// <returns>The latents, (1, 4, h, w); null if there are none, or if their file is damaged.</returns>
    public LatentDistribution? Find(string key, Device device)
    {
        var path = PathOf(key);
        try
        {
            if (!File.Exists(path) || new FileSource(path).ReadAll(MostFileBytes) is not { } bytes)
                return null;
            var file = SafetensorsFile.Open(new FileSource(path, bytes)); // not mapped, since it may be deleted
            if (file.Metadata.GetValueOrDefault(KeyField) != key)
                return null;
            using var scope = NewDisposeScope();
            var found = new LatentDistribution(file.Read(MeanName), file.Read(StdName));
            if (file.Metadata.GetValueOrDefault(ContentField) != ContentOf(found))
                return null;
            File.SetLastWriteTimeUtc(path, DateTime.UtcNow);
            return new LatentDistribution(
                found.Mean.to(device).DetachFromDisposeScope(),
                found.Std.to(device).DetachFromDisposeScope()
            );
        }
        catch (Exception error) when (error is TextualInversionException || IoErrors.IsFileError(error))
        {
            return null;
        }
    }

    /// <summary>Keeps the latents of an image. If the folder cannot be written to, it does nothing.</summary>
    /// <param name="key">See <see cref="Key"/>.</param>
    /// <param name="latents">(1, 4, h, w).</param>
    public void Keep(string key, LatentDistribution latents)
    {
        var tensors = new Dictionary<string, Tensor> { [MeanName] = latents.Mean, [StdName] = latents.Std };
        var metadata = new Dictionary<string, string> { [KeyField] = key, [ContentField] = ContentOf(latents) };
        try
        {
            SafetensorsFile.Write(PathOf(key), tensors, metadata, overwrite: true);
        }
        catch (TextualInversionException)
        {
            // A read-only folder or a full disk: the training itself does not need the file.
        }
    }

    /// <summary>Deletes the files that were not used for longest, until the rest take no more than allowed.</summary>
    public void Shrink()
    {
        try
        {
            var files = Files().OrderByDescending(file => file.LastWriteTimeUtc).ToList();
            long kept = 0;
            foreach (var file in files)
            {
                kept += file.Length;
                if (kept > mostBytes)
                    file.Delete();
            }
        }
        catch (Exception error) when (IoErrors.IsFileError(error))
        {
            // Another process deletes them at the same time, or the folder is read-only.
        }
    }

    /// <summary>The number of files, and the bytes that they take.</summary>
    public (int Count, long Bytes) Size()
    {
        var files = Files().ToList();
        return (files.Count, files.Sum(file => file.Length));
    }

    private string PathOf(string key) => Path.Combine(folder, key + Extension);

    private IEnumerable<FileInfo> Files() =>
        Directory.Exists(folder) ? new DirectoryInfo(folder).EnumerateFiles("*" + Extension) : [];

    private static string ContentOf(LatentDistribution latents)
    {
        using var scope = NewDisposeScope();
        return Sha256.OfText(string.Join(' ', new[] { latents.Mean, latents.Std }.Select(HashOf)));
    }

    private static string HashOf(Tensor values)
    {
        using var scope = NewDisposeScope();
        var shape = string.Join(',', values.shape);
        return $"{values.dtype} {shape} {Sha256.OfBytes(values.cpu().contiguous().bytes)}";
    }
}
