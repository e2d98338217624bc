using System.CommandLine;
using TextualInversion.Cli.Infrastructure;

namespace TextualInversion.Cli.Generate.Options;

/// <summary>Where pictures go, and how they are told of.</summary>
internal sealed class PictureOutputOptions
{
    private readonly Option<string> output = new("--output")
    {
        HelpName = "DIR|FILE",
        Description =
            "A folder, in which files are numbered on, or a .png, .jpg or .webp file, which of a grid takes the sheet alone. Default: pictures.",
        DefaultValueFactory = _ => "pictures",
    };
    private readonly Option<string?> format = new("--format")
    {
        HelpName = "png|jpg|webp",
        Description = "Default: the file's ending, else png.",
    };
    private readonly Option<bool> overwrite = SharedOptions.Overwrite();
    private readonly Option<bool> quiet = SharedOptions.Quiet();
    private readonly Option<bool> json = SharedOptions.Json();

    public PictureOutputOptions() => format.AcceptOnlyFromAmong("png", "jpg", "webp");

    public Option[] Files => [output, format];

    public Option[] Telling => [overwrite, quiet, json];

    public bool Quiet(ParseResult parsed) => parsed.GetValue(quiet);

    public bool Json(ParseResult parsed) => parsed.GetValue(json);

    /// <inheritdoc cref="PicturePaths(string, int, string?, bool)"/>
    public PicturePaths Paths(ParseResult parsed, int count) =>
        new(parsed.GetValue(output)!, count, parsed.GetValue(format), parsed.GetValue(overwrite));
}
