using System.CommandLine;
using TextualInversion.Cli.Infrastructure;
using TextualInversion.Cli.Terminal;
using TextualInversion.Embeddings;
using TextualInversion.IO;
using TextualInversion.Models.Tokenizers;

namespace TextualInversion.Cli.EmbeddingFiles;

/// <summary><c>ti convert</c>: an embedding of any layout to any other.</summary>
internal sealed class ConvertCommand : CommandBase
{
    private static readonly EmbeddingFormat[] Targets =
    [
        .. Enum.GetValues<EmbeddingFormat>().Where(layout => layout != EmbeddingFormat.Bare),
    ];

    private readonly Argument<string> file = EmbeddingArguments.One();
    private readonly WordOption to = new("--to", [.. Targets.Select(EmbeddingFormats.Name)])
    {
        Description = "The layout to write; sdxl is the one for two text encoders.",
        Required = true,
    };
    private readonly PathOption output = new("--output")
    {
        HelpName = "FILE",
        Description =
            "What to write; one that ends in .pt or .bin is a torch file. Default: beside the given file, with the layout's ending.",
    };
    private readonly WordOption type = new("--dtype", DTypes.Names)
    {
        Description = "The numbers' format; stable-diffusion.cpp reads float32 alone. Default: float32.",
        DefaultValueFactory = _ => DTypes.Names[0],
    };
    private readonly NameOption name = new("--name")
    {
        HelpName = "NAME",
        Description =
            "What other programs call it: the file's name without its ending, which ComfyUI and the WebUI go by, and the name inside a webui or png file, which diffusers goes by. Default: the given file's name, and inside the trigger.",
    };
    private readonly NameOption trigger = new("--trigger")
    {
        HelpName = "NAME",
        Description = "Another placeholder, as diffusers and ti use it in prompts. Default: the file's.",
    };
    private readonly Option<bool> overwrite = SharedOptions.Overwrite();
    private readonly Option<bool> json = SharedOptions.Json();

    public ConvertCommand()
        : base("convert", "Writes an embedding in another program's layout. What that cannot hold is said.")
    {
        Arguments.Add(file);
        AddGroup("Most used", to, output, type, name, trigger);
        AddGroup("Output", overwrite, json);
        SetAction(Run);
    }

    public override IReadOnlyList<string> Examples =>
        [
            "ti convert embeddings/my-cat.safetensors --to webui",
            "ti convert embeddings/my-cat.safetensors --to webui --name MyCat",
            "ti convert embeddings/my-cat.safetensors --to diffusers --dtype float16 --output small/my-cat.safetensors",
        ];

    private int Run(ParseResult parsed)
    {
        var layout = Array.Find(Targets, target => EmbeddingFormats.Name(target) == parsed.GetValue(to));
        var source = parsed.GetValue(file)!;
        var called = parsed.GetValue(name) is { } given ? RequireFileName(given) : null;
        var path = parsed.GetValue(output) ?? Target(source, called, EmbeddingFormats.Extension(layout));
        AtomicFile.RefuseToReplace(path, parsed.GetValue(overwrite));
        using var read = EmbeddingFile.Open(source);
        var embedding = read.Embedding with
        {
            Trigger = parsed.GetValue(trigger) is { } placeholder
                ? Placeholder.Parse(placeholder).Name
                : read.Embedding.Trigger,
            Name = called ?? read.Embedding.Name,
        };
        var number = DTypes.Parse(parsed.GetValue(type)!);
        EmbeddingFile.Write(path, layout, embedding, parsed.GetValue(overwrite), number);
        var lost = EmbeddingFormats.Losses(layout, path, embedding);
        if (lost.Count > 0)
            new ConsoleLog(parsed.InvocationConfiguration.Error, quiet: false).Warn(
                $"{JsonOutput.Relative(path)}: has no place for {string.Join(", ", lost)}; keep {source} for that."
            );
        parsed.InvocationConfiguration.Output.WriteLine(
            parsed.GetValue(json)
                ? JsonOutput.Serialize(
                    new
                    {
                        Path = JsonOutput.Relative(path),
                        Layout = EmbeddingFormats.Name(layout),
                        Dtype = DTypes.Name(number),
                        embedding.Name,
                        embedding.Trigger,
                        embedding.Vectors,
                        embedding.Widths,
                        Lost = lost,
                    }
                )
                : JsonOutput.Relative(path)
        );
        return 0;
    }

    private static string Target(string source, string? name, string ending) =>
        name is null
            ? Path.ChangeExtension(source, ending)
            : Path.Combine(Path.GetDirectoryName(source)!, name + ending);

    private static string RequireFileName(string name) =>
        name.Length > 0 && name is not ("." or "..") && Path.GetFileName(name) == name && !name.Any(char.IsControl)
            ? name
            : throw new TextualInversionException(
                $"--name {name.ReplaceLineEndings(" ")}: is no file name; give one such as my-cat, and --output for a file elsewhere."
            );
}
