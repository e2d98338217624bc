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

    private static readonly string[] Layouts = [.. Targets.Select(EmbeddingFormats.Name)];

    private readonly Argument<string> file = EmbeddingArguments.One();
    private readonly PathOption to = new("--to")
    {
        HelpName = $"{string.Join('|', Layouts)}|DIR",
        Description =
            "The layout to write; ti inspect shows which programs read it. An embedding for two text encoders, as "
            + "for SDXL, needs sdxl. For a folder of embeddings: the folder to write all of them to, as safetensors "
            + "files; what is there already is kept, so an interrupted conversion continues.",
    };
    private readonly WordOption program = new("--for", TargetProgram.Names)
    {
        Description =
            "The program to write the file for, instead of --to: the layout, the dtype and a file name that it reads. "
            + "The file goes into a folder of the program's name next to the given file.",
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
    private readonly ShownMetadataOptions shown = new();
    private readonly Option<bool> overwrite = SharedOptions.Overwrite();
    private readonly Option<bool> json = SharedOptions.Json();

    public ConvertCommand()
        : base("convert", "Convert an embedding to the layout of another program, and report what it cannot store.")
    {
        Arguments.Add(file);
        AddGroup("Most used", program, to, output, type, name, trigger);
        AddGroup("Shown by other programs", shown.All);
        AddGroup("Output", overwrite, json);
        SetAction((parsed, cancellationToken) => Task.FromResult(Run(parsed, cancellationToken)));
    }

    public override IReadOnlyList<string> Examples =>
        [
            "ti convert embeddings/my-cat.safetensors --for comfyui",
            "ti convert embeddings/my-cat.safetensors --to webui",
            "ti convert embeddings/my-cat.safetensors --to webui --name MyCat",
            "ti convert embeddings/my-cat.safetensors --to diffusers --dtype float16 --output small/my-cat.safetensors",
            "ti convert downloads --to clean",
        ];

    private int Run(ParseResult parsed, CancellationToken cancellationToken)
    {
        var source = parsed.GetValue(file)!;
        var messages = new ConsoleLog(parsed.InvocationConfiguration.Error, quiet: false);
        if (Directory.Exists(source))
            return RunFolder(parsed, source, messages, cancellationToken);
        RequireLayoutOrProgram(parsed, source);
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

    private void RequireLayoutOrProgram(ParseResult parsed, string source)
    {
        var layout = parsed.GetValue(to);
        if (layout is null == parsed.GetValue(program) is null)
            throw new UsageException(
                $"{to.Name}: give either {program.Name} with a program or {to.Name} with a layout."
            );
        if (layout is not null && !Layouts.Contains(layout.ToLowerInvariant()))
            throw new UsageException(
                $"{to.Name} {layout}: choose {string.Join(", ", Layouts[..^1])} or {Layouts[^1]}."
                    + (
                        Path.Exists(source) || Path.HasExtension(source)
                            ? ""
                            : $" {source}: there is no such file or folder."
                    )
            );
    }

    private int RunFolder(ParseResult parsed, string source, ConsoleLog messages, CancellationToken cancellationToken)
    {
        if (parsed.GetValue(to) is not { } target)
            throw new UsageException($"{to.Name}: name the folder to write to, since {source} is a folder.");
        RequireFolder(target, source);
        Option[] single = [output, name, trigger, type, .. shown.All];
        var forOne = single.FirstOrDefault(option => parsed.GetResult(option) is { Implicit: false });
        if (forOne is not null)
            throw new UsageException($"{forOne.Name}: is for one embedding, and {source} is a folder; leave it out.");
        var entries = new List<FolderEntry>();
        var conversion = new FolderConversion(source, target, Program(parsed), parsed.GetValue(overwrite));
        foreach (var entry in conversion.Run(cancellationToken))
        {
            entries.Add(entry);
            if (entry.Problem is { } problem)
                messages.Warn(problem);
        }

        if (entries.All(entry => entry.Status == FolderEntry.Refused))
            throw new TextualInversionException($"{source}: has no embedding that can be read; name another folder.");
        if (parsed.GetValue(json))
            parsed.InvocationConfiguration.Output.WriteLine(JsonOutput.Serialize(new { Files = entries }));
        else
            FolderTable.Write(parsed.InvocationConfiguration.Output, entries);
        return ExitCode.Done;
    }

    /// <summary>Refuses a file, and a folder that is probably meant as a layout.</summary>
    private void RequireFolder(string target, string source)
    {
        if (File.Exists(target))
            throw new UsageException($"{to.Name} {target}: is a file; name a folder to write to.");
        var isLayout = Layouts.Contains(target.ToLowerInvariant());
        if ((isLayout || TargetProgram.Names.Contains(target.ToLowerInvariant())) && !Directory.Exists(target))
            throw new UsageException(
                $"{to.Name} {target}: {source} is a folder, so this is the folder to write to, not a "
                    + $"{(isLayout ? "layout" : "program")}. Name a folder, and with {program.Name} the program, as in "
                    + $"{to.Name} clean {program.Name} {(isLayout ? "a1111" : target.ToLowerInvariant())}; or write "
                    + $"./{target} for a folder of that name."
            );
    }

    private ConvertedEmbedding One(ParseResult parsed, EmbeddingFile read, ConsoleLog messages)
    {
        var called = parsed.GetValue(name) is { } given ? PortableFileName.Require(given, "Name") : null;
        var path = parsed.GetValue(output) ?? Target(parsed, read, called);
        LayoutExtension.Require(output.Name, path, Layout(parsed, read));
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
        var paths = files.Select(each => Target(parsed, each, FileName(each))).ToList();
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
        var layout = Layout(parsed, read);
        var number = DTypes.Parse(parsed.GetValue(type)!);
        embedding = shown.AddTo(parsed, Program(parsed)?.Adapt(embedding) ?? embedding, path);
        var mayReplace = parsed.GetValue(overwrite);
        OutputFile.Write(
            path,
            mayReplace,
            output.Name,
            () => EmbeddingFile.Write(path, layout, embedding, mayReplace, number)
        );
        List<string> lost =
        [
            .. EmbeddingFormats.DroppedFields(layout, path, embedding),
            .. read.OutputKeys.Concat(read.UnusedKeys).Select(key => $"the vectors {key}"),
        ];
        if (lost.Count > 0)
            messages.Warn(
                $"{JsonOutput.Relative(path)}: cannot store {string.Join(", ", lost)}; keep {read.Path} for that."
            );
        ShowUse(parsed, path, messages);
        return new ConvertedEmbedding(
            Path.GetFullPath(path),
            EmbeddingFormats.Name(layout),
            DTypes.Name(number),
            embedding.Name,
            embedding.Trigger,
            embedding.Vectors,
            embedding.Widths,
            lost
        );
    }

    /// <summary>Says how the program uses the file, as its reader has it.</summary>
    private void ShowUse(ParseResult parsed, string path, ConsoleLog messages)
    {
        if (Program(parsed) is not { } target)
            return;
        using var written = EmbeddingFile.Open(path);
        var use = ToolCompatibility.Of(written).Single(each => each.Program == target.Title);
        if (use.Loads)
            messages.Info($"{use.Program}: {use.How}");
        else
            messages.Warn($"{use.Program} does not load it: {use.How}");
    }

    private TargetProgram? Program(ParseResult parsed) =>
        parsed.GetValue(program) is { } given ? TargetProgram.Find(given) : null;

    private EmbeddingFormat Layout(ParseResult parsed, EmbeddingFile read) =>
        Program(parsed)?.Layout(read.Embedding.Rows.Count)
        ?? Array.Find(
            Targets,
            target => EmbeddingFormats.Name(target).Equals(parsed.GetValue(to), StringComparison.OrdinalIgnoreCase)
        );

    private string Target(ParseResult parsed, EmbeddingFile read, string? called)
    {
        var folder = Path.GetDirectoryName(read.Path)!;
        var stem = called ?? Path.GetFileNameWithoutExtension(read.Path);
        return Program(parsed) is { } target
            ? target.PathIn(folder, stem, read.Embedding.Rows.Count)
            : Path.Combine(folder, stem + EmbeddingFormats.Extension(Layout(parsed, read)));
    }

    private static string FileName(EmbeddingFile file)
    {
        var stem = EmbeddingNames.FileStem(file.Embedding.Trigger);
        return PortableFileName.Problem(stem) is { } problem
            ? throw new TextualInversionException(
                $"{file.Path}: its token {stem} cannot be a file's name on every system, since it {problem}."
            )
            : stem;
    }
}
