using TextualInversion.Data;
using TextualInversion.IO;

namespace TextualInversion;

/// <summary>
/// The images that an embedding is trained on, usually three to five: files, pixels in memory, or both.
/// </summary>
public sealed class TrainingImages
{
    private readonly IReadOnlyList<Source> sources;

    private TrainingImages(
        IReadOnlyList<Source> sources,
        TrainingImageOptions options,
        IReadOnlyList<string> warnings
    ) => (this.sources, Options, Warnings) = (sources, options, warnings);

    /// <summary>The number of images.</summary>
    public int Count => sources.Count;

    /// <summary>How the images are read.</summary>
    public TrainingImageOptions Options { get; }

    /// <summary>What was skipped in the folders, and why. For people to read.</summary>
    public IReadOnlyList<string> Warnings { get; }

    /// <summary>
    /// Finds the images in folders and files. A text file next to an image, <c>1.txt</c> for <c>1.png</c>, is its
    /// caption.
    /// </summary>
    /// <param name="paths">Folders and files. Files in folders are recognized by their content.</param>
    /// <exception cref="TextualInversionException">
    /// A path is missing or cannot be read, a folder has no image, or a file is not an image.
    /// </exception>
    public static TrainingImages Load(params string[] paths) => Load(paths, new TrainingImageOptions());

    /// <summary>The same with a way to crop, with masks, and with captions or without.</summary>
    /// <param name="paths">Folders and files.</param>
    /// <param name="options">How the images are read.</param>
    /// <exception cref="TextualInversionException">
    /// A path is missing or cannot be read, a folder has no image, or a file is not an image.
    /// </exception>
    public static TrainingImages Load(IEnumerable<string> paths, TrainingImageOptions options)
    {
        ArgumentNullException.ThrowIfNull(paths);
        ArgumentNullException.ThrowIfNull(options);
        var named = paths.ToList();
        if (named.Count == 0)
            throw new ArgumentException("Name at least one folder or file.", nameof(paths));
        var files = ImageFiles.Find(named);
        return new TrainingImages(
            [.. files.Images.Select(path => new FileSource(path, files.Repeats.GetValueOrDefault(path, 1)))],
            options,
            [.. files.Skipped.Select(skipped => skipped.ToString())]
        );
    }

    /// <summary>Takes one image from memory.</summary>
    /// <param name="pixels">Three bytes a pixel, red, green and blue, row by row from the top. They are copied.</param>
    /// <param name="width">The width in pixels.</param>
    /// <param name="height">The height in pixels.</param>
    /// <param name="caption">
    /// The caption, with <c>{}</c> in the place of the placeholder token, or null if there is none.
    /// </param>
    /// <param name="options">
    /// How the image is read. It cannot have a mask. Default: as of a new <see cref="TrainingImageOptions"/>.
    /// </param>
    /// <exception cref="ArgumentException">The pixels are not width x height x 3 bytes.</exception>
    public static TrainingImages FromRgb(
        ReadOnlyMemory<byte> pixels,
        int width,
        int height,
        string? caption = null,
        TrainingImageOptions? options = null
    )
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(height, 1);
        if (pixels.Length != (long)width * height * 3)
            throw new ArgumentException($"{pixels.Length} bytes are not {width} x {height} x 3.", nameof(pixels));
        if (options?.Masks is not null)
            throw new ArgumentException("An image from memory cannot have a mask.", nameof(options));
        var image = new RgbImage(pixels.ToArray(), width, height);
        return new TrainingImages(
            [new MemorySource(image, string.IsNullOrWhiteSpace(caption) ? null : caption)],
            options ?? new TrainingImageOptions(),
            []
        );
    }

    /// <summary>All images of several sets, in their order.</summary>
    /// <param name="sets">At least one set, all with the same options.</param>
    /// <exception cref="ArgumentException">There is no set, or the options differ.</exception>
    public static TrainingImages Concat(params IEnumerable<TrainingImages> sets)
    {
        ArgumentNullException.ThrowIfNull(sets);
        var all = sets.ToList();
        if (all.Count == 0)
            throw new ArgumentException("There are no images.", nameof(sets));
        if (all.Any(set => set.Options != all[0].Options))
            throw new ArgumentException("The sets of images have different options.", nameof(sets));
        return new TrainingImages(
            [.. all.SelectMany(set => set.sources)],
            all[0].Options,
            [.. all.SelectMany(set => set.Warnings)]
        );
    }

    /// <summary>The images at the resolution of a training.</summary>
    /// <exception cref="TextualInversionException">A file is damaged or too large, or a mask does not fit.</exception>
    internal IReadOnlyList<TrainingImage> Fit(int resolution, CancellationToken cancellationToken)
    {
        var fitted = new List<TrainingImage>();
        foreach (var (index, source) in sources.Index())
        {
            cancellationToken.ThrowIfCancellationRequested();
            fitted.Add(source.Fit(index, resolution, Options));
        }

        return fitted;
    }

    /// <summary>The images as they are.</summary>
    /// <exception cref="TextualInversionException">A file is damaged or too large.</exception>
    internal IReadOnlyList<RgbImage> Decode() => [.. sources.Select(source => source.Decode())];

    private abstract record Source
    {
        public abstract RgbImage Decode();

        public abstract TrainingImage Fit(int index, int resolution, TrainingImageOptions options);
    }

    private sealed record FileSource(string Path, int Repeats) : Source
    {
        public override RgbImage Decode() => ImageDecoder.Decode(Path);

        public override TrainingImage Fit(int index, int resolution, TrainingImageOptions options) =>
            TrainingImageSet.Load(Path, resolution, options.Crop, options.Masks) with
            {
                Repeats = Repeats,
            };
    }

    private sealed record MemorySource(RgbImage Image, string? Caption) : Source
    {
        public override RgbImage Decode() => Image;

        public override TrainingImage Fit(int index, int resolution, TrainingImageOptions options)
        {
            var target = ImageFit.Target(Image, options.Crop, resolution);
            return new TrainingImage(
                $"image {index + 1}",
                ImageFit.Apply(Image, options.Crop, target),
                Sha256.OfBytes(Image.Pixels),
                Image.WidthPixels,
                Image.HeightPixels,
                Caption
            );
        }
    }
}
