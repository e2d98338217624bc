namespace TextualInversion.Data;

/// <summary>Where the masks of images are.</summary>
/// <param name="Folder">with a gray image for each, of the same name but for the ending; null where it is the images' own alpha channel</param>
internal sealed record MaskSource(string? Folder)
{
    private const string AlphaName = "alpha";

    /// <summary><c>alpha</c>, else a folder.</summary>
    public static MaskSource Parse(string text) => new(text == AlphaName ? null : text);

    public override string ToString() => Folder ?? AlphaName;
}
