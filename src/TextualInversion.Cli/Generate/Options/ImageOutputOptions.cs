using System.CommandLine;
using TextualInversion.Cli.Infrastructure;

namespace TextualInversion.Cli.Generate.Options;

/// <summary>The options for the files that are written, and for what is printed.</summary>
/// <param name="hasGrid">Whether the command has <c>--grid</c>.</param>
internal sealed class ImageOutputOptions(bool hasGrid)
{
    private readonly PathOption output = new("--output")
    {
        HelpName = "DIR|FILE",
        Description =
            "A folder, in which the files are numbered, or one image file. "
            + $"{(hasGrid ? "With --grid, a file contains only the grid. " : "")}Default: pictures.",
        DefaultValueFactory = _ => "pictures",
    };
    private readonly WordOption format = new("--format", "png", "jpg", "webp")
    {
        Description =
            "Image format: png is lossless; jpg and webp are smaller. All of them contain the settings. Default: the "
            + "extension of --output, else png.",
    };
    private readonly Option<bool> overwrite = SharedOptions.Overwrite();
    private readonly Option<bool> quiet = SharedOptions.Quiet();
    private readonly Option<bool> json = SharedOptions.Json();

    public Option[] Files => [output, format];

    public Option[] Reporting => [overwrite, quiet, json];

    public bool Quiet(ParseResult parsed) => parsed.GetValue(quiet);

    public bool Json(ParseResult parsed) => parsed.GetValue(json);

    /// <inheritdoc cref="ImagePaths(string, int, string?, bool)"/>
    public ImagePaths Paths(ParseResult parsed, int count) =>
        new(parsed.GetValue(output)!, count, parsed.GetValue(format), parsed.GetValue(overwrite));
}
