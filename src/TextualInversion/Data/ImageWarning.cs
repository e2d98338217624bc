namespace TextualInversion.Data;

/// <summary>A warning about one file that does not stop the training.</summary>
/// <param name="Path">The file.</param>
/// <param name="Message">The warning, without the path.</param>
internal sealed record ImageWarning(string Path, string Message)
{
    public override string ToString() => $"{Path}: {Message}";
}
