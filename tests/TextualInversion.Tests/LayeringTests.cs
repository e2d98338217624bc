using System.Text.RegularExpressions;
using TextualInversion.Tests.Fixtures;

namespace TextualInversion.Tests;

/// <summary>
/// Which folder of the library may use which, what only the command line may do, and calls that would end the process.
/// </summary>
public sealed partial class LayeringTests
{
    private static readonly string Source = Path.Combine(Goldens.Repository, "src");

    private static readonly Dictionary<string, string[]> Library = new()
    {
        [""] = [], // the root of the library
        [
            "Library"
        ] = // the public API, in the root's namespace
        [
            "IO",
            "Native",
            "Hub",
            "Tensors",
            "Checkpoints",
            "Models",
            "Schedulers",
            "Data",
            "Embeddings",
            "Generation",
            "Evaluation",
            "Training",
        ],
        ["IO"] = [],
        ["Native"] = ["IO"],
        ["Schedulers"] = ["IO", "Native"],
        ["Tensors"] = ["IO"],
        ["Data"] = ["IO"],
        ["Checkpoints"] = ["IO", "Native", "Tensors"],
        ["Hub"] = ["IO", "Checkpoints"],
        ["Models"] = ["IO", "Native", "Schedulers", "Tensors", "Checkpoints"],
        ["Embeddings"] = ["IO", "Native", "Tensors", "Data"],
        ["Generation"] = ["IO", "Native", "Models", "Schedulers", "Data", "Tensors", "Checkpoints"],
        ["Evaluation"] =
        [
            "IO",
            "Native",
            "Schedulers",
            "Data",
            "Tensors",
            "Checkpoints",
            "Models",
            "Embeddings",
            "Generation",
        ],
        ["Training"] =
        [
            "IO",
            "Native",
            "Schedulers",
            "Data",
            "Tensors",
            "Checkpoints",
            "Models",
            "Embeddings",
            "Generation",
        ],
    };

    private static readonly Dictionary<string, string[]> CommandLine = new()
    {
        [""] =
        [
            "Infrastructure",
            "Terminal",
            "ModelAccess",
            "EmbeddingFiles",
            "Train",
            "Check",
            "Generate",
            "Eval",
            "Report",
            "Sweep",
            "Describe",
            "Distill",
            "Translate",
            "DeviceList",
            "Bench",
            "Demo",
            "Doctor",
            "Completion",
            "Manual",
        ],
        ["DeviceList"] = ["Infrastructure", "Terminal"],
        ["Bench"] = ["Infrastructure", "Terminal", "ModelAccess"],
        ["Demo"] = ["Infrastructure", "Terminal", "ModelAccess"],
        ["Completion"] = ["Infrastructure", "ModelAccess"],
        ["Manual"] = ["Infrastructure"],
        ["Doctor"] = ["Infrastructure", "Terminal", "ModelAccess", "EmbeddingFiles"],
        ["Infrastructure"] = [],
        ["Terminal"] = ["Infrastructure"],
        ["Html"] = ["Infrastructure"],
        ["ModelAccess"] = ["Infrastructure", "Terminal"],
        ["Runs"] = ["Infrastructure", "ModelAccess"],
        ["EmbeddingFiles"] = ["Infrastructure", "Terminal", "ModelAccess", "Html"],
        ["Report"] = ["Infrastructure", "Terminal", "Html", "Runs"],
        ["Generate"] = ["Infrastructure", "Terminal", "ModelAccess", "EmbeddingFiles"],
        ["Eval"] = ["Infrastructure", "Terminal", "ModelAccess", "EmbeddingFiles", "Html", "Runs"],
        ["Train"] = ["Infrastructure", "Terminal", "ModelAccess", "EmbeddingFiles", "Runs", "Report", "Generate"],
        ["Sweep"] =
        [
            "Infrastructure",
            "Terminal",
            "ModelAccess",
            "EmbeddingFiles",
            "Html",
            "Runs",
            "Report",
            "Train",
            "Eval",
        ],
        ["Check"] = ["Infrastructure", "Terminal", "ModelAccess", "Train"],
        ["Translate"] = ["Infrastructure", "Terminal", "ModelAccess", "EmbeddingFiles", "Runs", "Train"],
        ["Distill"] = ["Infrastructure", "Terminal", "ModelAccess", "EmbeddingFiles", "Generate"],
        ["Describe"] = ["Infrastructure", "Terminal", "ModelAccess", "EmbeddingFiles", "Generate", "Train"],
    };

    [Fact]
    public void Library_Folders_ImportOneWay()
    {
        var wrong =
            from line in Lines("TextualInversion")
            from Match match in Import().Matches(line.Code)
            let imported = match.Groups["folder"].Value
            where !MayUse(Library, line.Folder, imported) || match.Groups["cli"].Success
            select $"{line.Place}: {line.Folder} must not use {imported}";
        Assert.Empty(wrong);
    }

    [Fact]
    public void CommandLine_Folders_ImportOneWay()
    {
        var wrong =
            from line in Lines("TextualInversion.Cli")
            from Match match in Import().Matches(line.Code)
            let imported = match.Groups["folder"].Value
            where match.Groups["cli"].Success && !MayUse(CommandLine, line.Folder, imported)
            select $"{line.Place}: {line.Folder} must not use {imported}";
        Assert.Empty(wrong);
    }

    [Fact]
    public void CommandLine_Root_HoldsTheEntryAlone() =>
        Assert.Equal(
            ["CommandLine.cs", "Program.cs"],
            Directory.GetFiles(Path.Combine(Source, "TextualInversion.Cli"), "*.cs").Select(Path.GetFileName).Order()
        );

    [Fact]
    public void Library_ConsoleEnvironmentAndModuleInitializers_AreNotUsed()
    {
        var wrong =
            from line in Lines("TextualInversion")
            where OutsideWorld().IsMatch(line.Code)
            select $"{line.Place}: {line.Code.Trim()}";
        Assert.Empty(wrong);
    }

    [Fact]
    public void Source_CallsThatAbortTheProcess_AreNotMade()
    {
        var wrong =
            from line in Lines("")
            where Aborting().IsMatch(line.Code)
            select $"{line.Place}: {line.Code.Trim()}; use F.linear, mm, bmm, baddbmm or autograd.backward";
        Assert.Empty(wrong);
    }

    [Theory]
    [InlineData("using TextualInversion.Models;", "Models")]
    [InlineData("using static TextualInversion.Data.TextFile;", "Data")]
    [InlineData("using Rows = TextualInversion.Training.Learner;", "Training")]
    [InlineData("using TextualInversion.Cli.Train.Options;", "Train")]
    [InlineData("    var rows = new global::TextualInversion.Models.UNet();", "Models")]
    public void Import_AnyWayToWriteIt_IsFound(string code, string folder) =>
        Assert.Equal(folder, Import().Match(code).Groups["folder"].Value);

    [Theory]
    [InlineData("torch.matmul(a, b)")]
    [InlineData("a.matmul(b)")]
    [InlineData("var c = matmul(a, b);")]
    [InlineData("torch.autograd.grad([loss], [rows])")]
    public void Aborting_AnyWayToWriteIt_IsFound(string code) => Assert.Matches(Aborting(), code);

    /// <summary>Whether a folder may use another. Folders outside the project are always allowed.</summary>
    private static bool MayUse(Dictionary<string, string[]> arrows, string folder, string imported)
    {
        if (!arrows.TryGetValue(folder, out var allowed))
            throw new InvalidOperationException(
                $"{folder}: new folder; list what it may use in {nameof(LayeringTests)}."
            );
        return imported == folder || !arrows.ContainsKey(imported) || allowed.Contains(imported);
    }

    /// <summary>The lines of code below a folder of src, without comments.</summary>
    private static IEnumerable<(string Folder, string Place, string Code)> Lines(string project)
    {
        var root = Path.Combine(Source, project);
        var files = Directory
            .EnumerateFiles(root, "*.cs", SearchOption.AllDirectories)
            .Select(file => (Path: file, Parts: Path.GetRelativePath(root, file).Split(Path.DirectorySeparatorChar)))
            .Where(file => !file.Parts.Any(part => part is "bin" or "obj"))
            .ToList();
        Assert.NotEmpty(files);
        return from file in files
            let folder = file.Parts.Length > 1 ? file.Parts[0] : ""
            from line in File.ReadLines(file.Path).Index()
            let code = Comment().Replace(line.Item, "")
            where !code.StartsWith("namespace ", StringComparison.Ordinal)
            select (folder, $"{Path.GetRelativePath(Source, file.Path)}:{line.Index + 1}", code);
    }

    [GeneratedRegex(@"\bTextualInversion(?<cli>\.Cli)?\.(?<folder>[A-Z]\w*)")]
    private static partial Regex Import();

    [GeneratedRegex(
        @"\bConsole\.|\bEnvironment\.(Exit|FailFast|(Get|Set)EnvironmentVariables?)\b|\[ModuleInitializer\]"
    )]
    private static partial Regex OutsideWorld();

    [GeneratedRegex(@"\bmatmul\s*\(|\bautograd\.grad\s*\(")]
    private static partial Regex Aborting();

    [GeneratedRegex(@"//.*")]
    private static partial Regex Comment();
}
