using System.CommandLine;
using TextualInversion.Cli.Infrastructure;
using TextualInversion.Cli.Sweep.Plan;

namespace TextualInversion.Cli.Sweep;

/// <summary>Arguments and options that several commands of <c>ti sweep</c> have.</summary>
internal static class SweepArguments
{
    private const string Root = "sweeps";

    /// <summary>The file or folder that says what to train.</summary>
    public static Argument<string> Source() =>
        Path(
            "FILE.yaml|FOLDER",
            "A YAML file with concepts, seeds and settings; or a folder that holds a folder of images for each concept."
        );

    /// <summary>The folder of a sweep that was begun.</summary>
    public static Argument<string> Begun() => Path("OUT", "The folder of a sweep, such as sweeps/demo.");

    public static PathOption Output() =>
        new("--output")
        {
            HelpName = "DIR",
            Description =
                "Folder of the results. Default: output of the file, else sweeps/ and the name of the file or folder.",
        };

    /// <summary>The folder of the results.</summary>
    /// <param name="typed">The option, or null.</param>
    /// <param name="spec">The sweep.</param>
    public static string Folder(string? typed, SweepSpec spec)
    {
        var source = System.IO.Path.GetFullPath(spec.Source);
        var name = System.IO.Path.GetFileNameWithoutExtension(System.IO.Path.TrimEndingDirectorySeparator(source));
        return typed ?? spec.Output ?? System.IO.Path.Combine(Root, name);
    }

    private static Argument<string> Path(string helpName, string description)
    {
        var argument = new Argument<string>(helpName)
        {
            HelpName = helpName,
            Description = description,
            CustomParser = result => PathText.Read(result, helpName).FirstOrDefault(),
        };
        argument.Validators.Add(Suggestions.RefuseOptions);
        return argument;
    }
}
