namespace TextualInversion.Data;

/// <summary>Something about one file that the user should know and that does not stop the training.</summary>
internal sealed record ImageWarning(string Path, string Message)
{
    public override string ToString() => $"{Path}: {Message}";
}
