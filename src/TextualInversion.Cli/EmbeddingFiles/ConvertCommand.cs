using System.CommandLine;
using TextualInversion.Cli.Infrastructure;
using TextualInversion.Cli.Terminal;
using TextualInversion.Embeddings;
using TextualInversion.Generation;
using TextualInversion.IO;
using TextualInversion.Models.Tokenizers;

namespace TextualInversion.Cli.EmbeddingFiles;

/// <summary><c>ti convert</c>: converts an embedding of any layout to any other.</summary>
internal sealed class ConvertCommand : CommandBase
{
    private static readonly EmbeddingFormat[] Targets =
    [
        .. Enum.GetValues<EmbeddingFormat>().Where(layout => layout != EmbeddingFormat.Bare),
    ];

    private readonly Argument<string> file = EmbeddingArguments.One();
    private readonly WordOption to = new("--to", [.. Targets.Select(EmbeddingFormats.Name)])
    {
        Description =
            "The layout to write; ti inspect shows which programs read it. An embedding for two text encoders, as "
            + "for SDXL, needs sdxl.",
        Required = true,
    };
    private readonly PathOption output = new("--output")
    {
        HelpName = "FILE",
        Description =
            "The file to write; .pt and .bin are torch files. Default: next to the given file, with the "
            + "layout's extension.",
    };
    private readonly WordOption type = new("--dtype", DTypes.Names)
    {
        Description =
            "The data type of the values: float16 and bfloat16 halve the file and round the values; "
            + "stable-diffusion.cpp reads float32 only. Default: float32.",
        DefaultValueFactory = _ => DTypes.Names[0],
    };
    private readonly NameOption name = new("--name")
    {
        HelpName = "NAME",
        Description =
            "The name by which other programs call the embedding. ComfyUI and the WebUI use the file's name, so the "
            + "file is called NAME with the layout's extension; webui and png files also contain the name, which "
            + "diffusers reads. Default: the given file's name, and inside the file the trigger.",
    };
    private readonly NameOption trigger = new("--trigger")
    {
        HelpName = "NAME",
        Description =
            "The placeholder token by which prompts of ti and diffusers call the embedding, such as my-cat. "
            + "Default: the file's.",
    };
    private readonly Option<bool> overwrite = SharedOptions.Overwrite();
    private readonly Option<bool> json = SharedOptions.Json();

    public ConvertCommand()
        : base("convert", "Convert an embedding to the layout of another program, and report what it cannot store.")
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
        var source = parsed.GetValue(file)!;
        var messages = new ConsoleLog(parsed.InvocationConfiguration.Error, quiet: false);
        var files = EmbeddingFile.OpenAll(source);
        try
        {
            var written = files.Count == 1 ? [One(parsed, files[0], messages)] : Each(parsed, files, messages);
            var output = parsed.InvocationConfiguration.Output;
            if (parsed.GetValue(json))
                output.WriteLine(
                    JsonOutput.Serialize<object>(written.Count == 1 ? written[0] : new { Files = written })
                );
            else
                output.WriteLine(
                    string.Join(Environment.NewLine, written.Select(each => JsonOutput.Relative(each.Path)))
                );
            return 0;
        }
        finally
        {
            foreach (var each in files)
                each.Dispose();
        }
    }

    private ConvertedEmbedding One(ParseResult parsed, EmbeddingFile read, ConsoleLog messages)
    {
        var called = parsed.GetValue(name) is { } given ? PortableFileName.Require(given, "Name") : null;
        var extension = EmbeddingFormats.Extension(Layout(parsed));
        var path = parsed.GetValue(output) ?? Target(read.Path, called, extension);
        LayoutExtension.Require(output.Name, path, Layout(parsed));
        OutputFile.RefuseToReplace(path, parsed.GetValue(overwrite), output.Name);
        var embedding = read.Embedding with
        {
            Trigger = parsed.GetValue(trigger) is { } placeholder
                ? UsageException.Read(trigger.Name, () => Placeholder.Parse(placeholder).Name)
                : read.Embedding.Trigger,
            Name = called ?? read.Embedding.Name,
        };
        return Write(parsed, path, read, embedding, messages);
    }

    /// <summary>Writes each embedding of a pack to a file of its own, called by its token.</summary>
    private List<ConvertedEmbedding> Each(ParseResult parsed, IReadOnlyList<EmbeddingFile> files, ConsoleLog messages)
    {
        var forOne = new Option[] { output, name, trigger }
            .Where(option => parsed.GetResult(option) is not null)
            .ToList();
        if (forOne.Count > 0)
            throw new UsageException(
                $"{forOne[0].Name}: is for one embedding, and {files[0].Path} has {files.Count}; leave it out."
            );
        var extension = EmbeddingFormats.Extension(Layout(parsed));
        var paths = files.Select(each => Target(each.Path, FileName(each), extension)).ToList();
        foreach (var path in paths)
            OutputFile.RefuseToReplace(path, parsed.GetValue(overwrite), output.Name);
        return [.. files.Zip(paths, (each, path) => Write(parsed, path, each, each.Embedding, messages))];
    }

    private ConvertedEmbedding Write(
        ParseResult parsed,
        string path,
        EmbeddingFile read,
        LearnedEmbedding embedding,
        ConsoleLog messages
    )
    {
        var number = DTypes.Parse(parsed.GetValue(type)!);
        var mayReplace = parsed.GetValue(overwrite);
        OutputFile.Write(
            path,
            mayReplace,
            output.Name,
            () => EmbeddingFile.Write(path, Layout(parsed), embedding, mayReplace, number)
        );
        List<string> lost =
        [
            .. EmbeddingFormats.DroppedFields(Layout(parsed), path, embedding),
            .. read.OutputKeys.Concat(read.UnusedKeys).Select(key => $"the vectors {key}"),
        ];
        if (lost.Count > 0)
            messages.Warn(
                $"{JsonOutput.Relative(path)}: cannot store {string.Join(", ", lost)}; keep {read.Path} for that."
            );
        return new ConvertedEmbedding(
            Path.GetFullPath(path),
            EmbeddingFormats.Name(Layout(parsed)),
            DTypes.Name(number),
            embedding.Name,
            embedding.Trigger,
            embedding.Vectors,
            embedding.Widths,
            lost
        );
    }

    private EmbeddingFormat Layout(ParseResult parsed) =>
        Array.Find(Targets, target => EmbeddingFormats.Name(target) == parsed.GetValue(to));

    private static string FileName(EmbeddingFile file)
    {
        var stem = EmbeddingNames.FileStem(file.Embedding.Trigger);
        return PortableFileName.Problem(stem) is { } problem
            ? throw new TextualInversionException(
                $"{file.Path}: its token {stem} cannot be a file's name on every system, since it {problem}."
            )
            : stem;
    }

    private static string Target(string source, string? name, string ending) =>
        name is null
            ? Path.ChangeExtension(source, ending)
            : Path.Combine(Path.GetDirectoryName(source)!, name + ending);
}

/// <summary>A file that <c>ti convert</c> wrote, as in its JSON.</summary>
/// <param name="Path">The file.</param>
/// <param name="Layout">Its layout.</param>
/// <param name="Dtype">The dtype of its values.</param>
/// <param name="Name">The name for other programs, or null.</param>
/// <param name="Trigger">The placeholder.</param>
/// <param name="Vectors">The number of vectors.</param>
/// <param name="Widths">The width of each text encoder's vectors.</param>
/// <param name="Lost">What the layout cannot store.</param>
internal sealed record ConvertedEmbedding(
    string Path,
    string Layout,
    string Dtype,
    string? Name,
    string Trigger,
    int Vectors,
    IReadOnlyList<long> Widths,
    IReadOnlyList<string> Lost
);
