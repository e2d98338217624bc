namespace TextualInversion;

/// <summary>The masks of training images: white counts in the loss, black does not, gray counts in part.</summary>
/// <param name="Folder">
/// A folder with a gray image for each training image, of the same name apart from the extension, or with
/// <c>-masklabel</c> behind the name as OneTrainer writes it; or null if the images' alpha channels are the masks.
/// </param>
public sealed record MaskSource(string? Folder)
{
    private const string AlphaName = "alpha";
    private const string OneTrainerSuffix = "-masklabel";

    /// <summary>The images' own alpha channels.</summary>
    public static MaskSource Alpha { get; } = new((string?)null);

    /// <summary>Shows the folder, or <c>alpha</c>.</summary>
    public override string ToString() => Folder ?? AlphaName;

    /// <summary>
    /// The name, without extension, of the image whose mask has this name in OneTrainer, or null if it is not a mask's
    /// name.
    /// </summary>
    internal static string? ImageOf(string stem) =>
        stem.Length > OneTrainerSuffix.Length && stem.EndsWith(OneTrainerSuffix, StringComparison.Ordinal)
            ? stem[..^OneTrainerSuffix.Length]
            : null;

    /// <summary>Reads <c>alpha</c> or a folder's name.</summary>
    internal static MaskSource Parse(string text) => text == AlphaName ? Alpha : new MaskSource(text);
}
