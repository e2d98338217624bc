using TextualInversion.Cli.ModelAccess;
using TextualInversion.IO;
using TextualInversion.Training.RunFiles;

namespace TextualInversion.Cli.Demo;

/// <summary>The folder of a demo: copies of the sample images, and what is made of them.</summary>
/// <param name="Root">The folder, as messages show it.</param>
internal sealed record DemoFolder(string Root)
{
    /// <summary>The name of the folder if none is given.</summary>
    public const string DefaultName = "demo-output";

    /// <summary>The name of the sample images, and of their token.</summary>
    public const string Token = "my-cat";

    private static readonly string[] SamplePath = ["samples", Token];

    public string Samples => In(SamplePath);

    public string Embedding => In("embeddings", $"{Token}.safetensors");

    public string Images => In("images");

    public string Report => RunFolder.ReportIn(In("runs", Token));

    /// <summary>The first of <c>demo-output</c>, <c>demo-output-2</c> and so on that does not exist.</summary>
    /// <param name="exists">Whether a file or folder exists.</param>
    public static DemoFolder Next(Func<string, bool> exists)
    {
        var path = DefaultName;
        for (var number = 2; exists(path); number++)
            path = $"{DefaultName}-{number}";
        return new DemoFolder(path);
    }

    /// <summary>Copies the sample images that ship with <c>ti</c> into the folder.</summary>
    /// <exception cref="TextualInversionException">They are missing, or the folder cannot be written.</exception>
    public void CopySamples()
    {
        var source = Path.Combine([AppContext.BaseDirectory, .. SamplePath]);
        if (!Directory.Exists(source))
            throw new TextualInversionException(
                $"{source}: the sample images that ship with ti are not there; install ti again."
            );
        try
        {
            Directory.CreateDirectory(Samples);
            foreach (var file in FolderListing.Files(source))
                File.WriteAllBytes(In([.. SamplePath, Path.GetFileName(file)]), File.ReadAllBytes(file));
        }
        catch (Exception error) when (IoErrors.IsFileError(error))
        {
            throw IoErrors.Wrap(Root, "written", error, hint: "choose another folder with --output");
        }
    }

    /// <summary>The arguments of the training, which take half a minute on two processor cores.</summary>
    public string[] TrainArguments() =>
        [
            "train",
            .. new[] { "--images", Samples, "--token", Token, "--initializer", "cat", "--model", ModelLocator.Demo },
            .. new[] { "--sample-every", "50", "--output", Root, "--seed", "1" },
        ];

    /// <summary>The arguments of the generation.</summary>
    public string[] GenerateArguments() =>
        [
            "generate",
            .. new[] { "--model", ModelLocator.Demo, "--prompt", $"a painting of <{Token}> on a beach" },
            .. new[] { "--embedding", Embedding, "--count", "4", "--seed", "1", "--output", Images },
        ];

    private string In(params string[] parts) => Path.Combine([Root, .. parts]);
}
