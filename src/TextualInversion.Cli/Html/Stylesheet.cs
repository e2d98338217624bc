namespace TextualInversion.Cli.Html;

/// <summary>The <c>.css</c> files next to the pages that use them. They are embedded in the program.</summary>
internal static class Stylesheet
{
    /// <param name="name">The file's name, such as <c>chart.css</c>.</param>
    public static Markup Read(string name)
    {
        using var stream =
            typeof(Stylesheet).Assembly.GetManifestResourceStream(name)
            ?? throw new ArgumentException($"{name}: no such embedded file.", nameof(name));
        using var reader = new StreamReader(stream);
        return Markup.Raw(reader.ReadToEnd());
    }
}
