namespace TextualInversion.Data;

/// <summary>
/// The image files among the paths a user named.
/// </summary>
/// <param name="Images">Each file once, sorted by ordinal comparison of the path, as Python sorts: <c>10.png</c> before <c>2.png</c>.</param>
/// <param name="Strays">What else lies in the folders, with the reason why it is skipped; captions and hidden files are not listed.</param>
internal sealed record ImageFiles(IReadOnlyList<string> Images, IReadOnlyList<ImageWarning> Strays)
{
    /// <summary>How often each image counts, by its path, where that is not once; see <see cref="FolderRepeats"/>.</summary>
    public IReadOnlyDictionary<string, int> Repeats { get; init; } = new Dictionary<string, int>();

    private const int NamedExamples = 3;
    private const string NestedFolder = "is a folder inside the folder; name it as well if its images belong here";

    // Hidden and system files are skipped: .DS_Store, ._1.png, desktop.ini.
    internal static readonly EnumerationOptions Visible = new() { IgnoreInaccessible = false };

    /// <summary>
    /// Finds the images in <paramref name="paths"/>, folders and files, by their content. What is nested in a folder is not looked at, unless it has no
    /// image itself and folders named as <see cref="FolderRepeats"/> says.
    /// </summary>
    /// <exception cref="TextualInversionException">
    /// A path does not exist or cannot be read, a folder has no image, or a named file is none.
    /// </exception>
    public static ImageFiles Find(IEnumerable<string> paths)
    {
        var images = new SortedDictionary<string, string>(StringComparer.Ordinal); // by full path
        var strays = new SortedDictionary<string, ImageWarning>(StringComparer.Ordinal);
        var named = new List<ImageWarning>();
        var repeats = new FolderRepeats();
        foreach (var path in paths.SelectMany(given => Expand(given, strays)))
        {
            try
            {
                if (Directory.Exists(path))
                    repeats.Add(path, AddFolder(path, images, strays));
                else if (!File.Exists(path))
                    throw Missing(path);
                else if (WhyNoImage(path) is { } why)
                    named.Add(new ImageWarning(path, why));
                else
                    images.TryAdd(Path.GetFullPath(path), path);
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException)
            {
                throw new TextualInversionException($"{path}: cannot be read ({error.Message.TrimEnd('.')}).", error);
            }
        }

        // A shell's `cat/*` names the captions too.
        var captions = images.Keys.Select(Captions.PathBeside).ToHashSet();
        if (named.Find(file => !captions.Contains(Path.GetFullPath(file.Path))) is { } stray)
            throw new TextualInversionException($"{stray}; name images: {ImageFormats.Names}.");
        return new ImageFiles([.. images.Values.Order(StringComparer.Ordinal)], [.. strays.Values])
        {
            Repeats = repeats.ByPath(images),
        };
    }

    /// <summary>See <see cref="FolderRepeats.Expand"/>; what lies beside the folders that are read is skipped and named.</summary>
    private static IReadOnlyList<string> Expand(string path, SortedDictionary<string, ImageWarning> strays)
    {
        var folders = FolderRepeats.Expand(path);
        if (folders.Count == 1 && folders[0] == path)
            return folders;
        foreach (var entry in Directory.EnumerateFileSystemEntries(path, "*", Visible).Except(folders))
            strays.TryAdd(
                Path.GetFullPath(entry),
                new ImageWarning(entry, Directory.Exists(entry) ? NestedFolder : WhyNoImage(entry)!)
            );
        return folders;
    }

    /// <returns>the full paths of its images</returns>
    private static List<string> AddFolder(
        string folder,
        SortedDictionary<string, string> images,
        SortedDictionary<string, ImageWarning> strays
    )
    {
        var others = new List<ImageWarning>();
        var captions = new HashSet<string>();
        var found = new List<string>();
        foreach (var entry in Directory.EnumerateFileSystemEntries(folder, "*", Visible).Order(StringComparer.Ordinal))
        {
            var why = Directory.Exists(entry) ? NestedFolder : WhyNoImage(entry);
            if (why is not null)
            {
                others.Add(new ImageWarning(entry, why));
                continue;
            }

            images.TryAdd(Path.GetFullPath(entry), entry);
            found.Add(Path.GetFullPath(entry));
            captions.Add(Captions.PathBeside(entry));
        }

        if (captions.Count == 0)
            throw NoImages(folder, others);
        foreach (var other in others.Where(other => !captions.Contains(other.Path)))
            strays.TryAdd(Path.GetFullPath(other.Path), other);
        return found;
    }

    internal static string? WhyNoImage(string file)
    {
        using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.Read);
        Span<byte> head = stackalloc byte[ImageFormats.HeadBytes];
        var length = stream.ReadAtLeast(head, head.Length, throwOnEndOfStream: false);
        if (length == 0)
            return "is empty";
        return ImageFormats.Recognise(head[..length]) is null ? "is not an image that can be read" : null;
    }

    private static TextualInversionException Missing(string path) =>
        new($"{path}: there is no such file or folder; check the spelling.");

    private static TextualInversionException NoImages(string folder, List<ImageWarning> others)
    {
        if (others.Count == 0)
            return new TextualInversionException($"{folder}: is an empty folder; put the images into it.");
        var examples = string.Join(", ", others.Take(NamedExamples).Select(other => Path.GetFileName(other.Path)));
        var more = others.Count > NamedExamples ? $" and {others.Count - NamedExamples} more" : "";
        return new TextualInversionException(
            $"{folder}: has no image, only {examples}{more}; images are {ImageFormats.Names}."
        );
    }
}
