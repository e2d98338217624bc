using TextualInversion.IO;

namespace TextualInversion.Data;

/// <summary>The image files among the paths that a user gave.</summary>
/// <param name="Images">
/// Each file once, in ordinal order of the paths, as Python sorts: <c>10.png</c> before <c>2.png</c>.
/// </param>
/// <param name="Skipped">
/// The other entries of the folders, each with the reason why it is skipped. Captions and hidden files are not listed.
/// </param>
internal sealed record ImageFiles(IReadOnlyList<string> Images, IReadOnlyList<ImageWarning> Skipped)
{
    private const int NamedExamples = 3;
    private const string NestedFolder = "is a folder inside the folder; name it as well if its images belong here";

    // Hidden and system files are skipped: .DS_Store, ._1.png, desktop.ini.
    internal static readonly EnumerationOptions Visible = new() { IgnoreInaccessible = false };

    private static readonly StringComparer FileNames = OperatingSystem.IsLinux()
        ? StringComparer.Ordinal
        : StringComparer.OrdinalIgnoreCase;

    /// <summary>The repeats of images that count more than once, by path; see <see cref="FolderRepeats"/>.</summary>
    public IReadOnlyDictionary<string, int> Repeats { get; init; } = new Dictionary<string, int>();

    /// <summary>
    /// Finds the images in <paramref name="paths"/>, folders and files, by their content. Sub-folders are searched only
    /// as <see cref="FolderRepeats"/> says.
    /// </summary>
    /// <exception cref="TextualInversionException">
    /// A path does not exist or cannot be read, a folder has no image, or a named file is not an image.
    /// </exception>
    public static ImageFiles Find(IEnumerable<string> paths)
    {
        var images = new SortedDictionary<string, string>(StringComparer.Ordinal); // by full path
        var skipped = new SortedDictionary<string, ImageWarning>(StringComparer.Ordinal);
        var named = new List<ImageWarning>();
        var repeats = new FolderRepeats();
        foreach (var path in paths.SelectMany(given => Expand(given, skipped)))
        {
            try
            {
                if (Directory.Exists(path))
                    repeats.Add(path, AddFolder(path, images, skipped));
                else if (!Exists(path))
                    throw new TextualInversionException($"{path}: {WhyMissing(path)}.");
                else if (WhyUnreadable(path) is { } why)
                    named.Add(new ImageWarning(path, why));
                else
                    images.TryAdd(Path.GetFullPath(path), path);
            }
            catch (Exception error) when (IoErrors.IsFileError(error))
            {
                throw IoErrors.Wrap(path, "read", error);
            }
        }

        SkipMasks(images, skipped);
        // A shell's `cat/*` includes the captions.
        var captions = images.Keys.Select(Captions.PathFor).ToHashSet(FileNames);
        if (named.Find(file => !captions.Contains(Path.GetFullPath(file.Path))) is { } stray)
            throw new TextualInversionException($"{stray}; name images: {ImageFormats.Names}.");
        return new ImageFiles([.. images.Values.Order(StringComparer.Ordinal)], [.. skipped.Values])
        {
            Repeats = repeats.ByPath(images),
        };
    }

    /// <summary>
    /// Why a file cannot be decoded, as the end of a message that begins with its path, or null if it looks like an
    /// image. Only regular files are opened.
    /// </summary>
    internal static string? WhyUnreadable(string file)
    {
        if (!Exists(file))
            return WhyMissing(file);
        if (SpecialFile.Describe(file) is { } special)
            return $"is {special}, not a file";
        try
        {
            using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.Read);
            Span<byte> head = stackalloc byte[UnreadableFile.HeadBytes];
            var length = stream.ReadAtLeast(head, head.Length, throwOnEndOfStream: false);
            return UnreadableFile.Describe(head[..length]);
        }
        catch (Exception error) when (IoErrors.IsFileError(error))
        {
            return $"cannot be read ({IoErrors.Reason(error)})";
        }
    }

    /// <summary>Whether a file exists, not merely a link to a missing one.</summary>
    private static bool Exists(string file) =>
        File.Exists(file) && new FileInfo(RealPath.Of(file)) is { Exists: true, LinkTarget: null }; // not a circle

    private static string WhyMissing(string file)
    {
        // .NET shows this character in place of a byte that is not UTF-8. A file cannot be opened by such a name.
        const char Replacement = '\uFFFD';
        if (new FileInfo(file).LinkTarget is { } target)
            return $"is a link to {target}, which does not exist";
        return Path.GetFileName(file).Contains(Replacement)
            ? "has a name that is not UTF-8; rename it"
            : "there is no such file or folder; check the spelling";
    }

    /// <summary>Skips masks: OneTrainer keeps them next to their images under similar names.</summary>
    private static void SkipMasks(
        SortedDictionary<string, string> images,
        SortedDictionary<string, ImageWarning> skipped
    )
    {
        var stems = images.Keys.ToLookup(image => Path.ChangeExtension(image, null), FileNames);
        foreach (var (full, path) in images.ToList())
        {
            if (MaskSource.ImageOf(Path.ChangeExtension(full, null)) is not { } stem || !stems.Contains(stem))
                continue;
            images.Remove(full);
            var image = Path.GetFileName(stems[stem].First());
            skipped.TryAdd(
                full,
                new ImageWarning(path, $"is the mask of {image} by its name, so it is not an image to train on")
            );
        }
    }

    /// <summary>
    /// See <see cref="FolderRepeats.Expand"/>. Other entries next to the numbered folders are skipped and reported.
    /// </summary>
    private static IReadOnlyList<string> Expand(string path, SortedDictionary<string, ImageWarning> skipped)
    {
        var folders = FolderRepeats.Expand(path);
        if (folders.Count == 1 && folders[0] == path)
            return folders;
        foreach (var entry in Directory.EnumerateFileSystemEntries(path, "*", Visible).Except(folders))
            skipped.TryAdd(Path.GetFullPath(entry), new ImageWarning(entry, WhySkipped(entry)!));
        return folders;
    }

    /// <returns>The full paths of its images.</returns>
    private static List<string> AddFolder(
        string folder,
        SortedDictionary<string, string> images,
        SortedDictionary<string, ImageWarning> skipped
    )
    {
        var others = new List<ImageWarning>();
        var found = new List<string>();
        foreach (var entry in Directory.EnumerateFileSystemEntries(folder, "*", Visible).Order(StringComparer.Ordinal))
        {
            if (WhySkipped(entry) is { } why)
                others.Add(new ImageWarning(entry, why));
            else
                found.Add(entry);
        }

        if (found.Count == 0)
            throw NoImages(folder, others);
        foreach (var image in found)
            images.TryAdd(Path.GetFullPath(image), image);
        var captions = found.Select(Captions.PathFor).ToHashSet(FileNames);
        foreach (var other in others.Where(other => !captions.Contains(other.Path)))
        {
            var why = Captions.WhyPassedOver(other.Path, found) ?? other.Message;
            skipped.TryAdd(Path.GetFullPath(other.Path), other with { Message = why });
        }

        return [.. found.Select(Path.GetFullPath)];
    }

    private static string? WhySkipped(string entry) => Directory.Exists(entry) ? NestedFolder : WhyUnreadable(entry);

    private static TextualInversionException NoImages(string folder, List<ImageWarning> others)
    {
        if (others.Count == 0)
            return new TextualInversionException($"{folder}: is an empty folder; put the images into it.");
        // Files that were meant as images, such as pointers to them, explain more than text files.
        var examples = others
            .OrderBy(other => other.Message == UnreadableFile.NotAnImage)
            .Take(NamedExamples)
            .Select(Example);
        var more = others.Count > NamedExamples ? $" and {others.Count - NamedExamples} more" : "";
        return new TextualInversionException(
            $"{folder}: has no image, only {string.Join(", ", examples)}{more}; images are {ImageFormats.Names}."
        );

        static string Example(ImageWarning other)
        {
            var name = Path.GetFileName(other.Path);
            return other.Message is UnreadableFile.NotAnImage or NestedFolder ? name : $"{name} ({other.Message})";
        }
    }
}
