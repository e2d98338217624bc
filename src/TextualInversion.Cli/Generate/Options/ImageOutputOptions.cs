using System.CommandLine;
using TextualInversion.Cli.Infrastructure;

namespace TextualInversion.Cli.Generate.Options;

/// <summary>Where images go, and how they are told of.</summary>
internal sealed class ImageOutputOptions
{
    private readonly PathOption output = new("--output")
    {
        HelpName = "DIR|FILE",
        Description =
            "A folder, in which files are numbered on, or a .png, .jpg or .webp file, which of a grid takes the sheet alone. Default: images.",
        DefaultValueFactory = _ => "pictures",
    };
    private readonly WordOption format = new("--format", "png", "jpg", "webp")
    {
        Description = "Default: the file's ending, else png.",
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
