using System.Text.RegularExpressions;
using TextualInversion.Tests.Fixtures;

namespace TextualInversion.Tests;

/// <summary>Which folder of the library may use which, what only the command line may do, and calls that end the process.</summary>
public sealed partial class LayeringTests
{
    private static readonly string Source = Path.Combine(Goldens.Repository, "src");

    private static readonly Dictionary<string, string[]> Allowed = new()
    {
        [""] = [], // the root of the library
        ["Native"] = [],
        ["Schedulers"] = [],
        ["Data"] = [],
        ["Checkpoints"] = [],
        ["Models"] = ["Native", "Checkpoints"],
        ["Embeddings"] = ["Checkpoints", "Data"],
        ["Generation"] = ["Models", "Schedulers", "Data", "Checkpoints"],
        ["Evaluation"] = ["Schedulers", "Data", "Checkpoints", "Models", "Embeddings", "Generation"],
        ["Training"] = ["Native", "Schedulers", "Data", "Checkpoints", "Models", "Embeddings", "Generation"],
    };

    [Fact]
    public void Library_Folders_ImportOneWay()
    {
        var wrong = from line in Lines("TextualInversion")
                    from Match match in Import().Matches(line.Code)
                    let imported = match.Groups[1].Value
                    where imported != line.Folder && (Allowed.ContainsKey(imported) || imported == "Cli") && !MayUse(line.Folder).Contains(imported)
                    select $"{line.Place}: {line.Folder} must not use {imported}";
        Assert.Empty(wrong);
    }

    [Fact]
    public void Library_ConsoleAndEnvironment_BelongToTheCommandLine()
    {
        var wrong = from line in Lines("TextualInversion")
                    where OutsideWorld().Match(line.Code) is { Success: true } match && !(line.Folder == "Native" && match.Groups["variable"].Success)
                    select $"{line.Place}: {line.Code.Trim()}";
        Assert.Empty(wrong);
    }

    [Fact]
    public void Source_CallsThatAbortTheProcess_AreNotMade()
    {
        var wrong = from line in Lines("")
                    where Aborting().IsMatch(line.Code)
                    select $"{line.Place}: {line.Code.Trim()}; an error in it kills the process: use F.linear, mm, bmm, baddbmm or autograd.backward";
        Assert.Empty(wrong);
    }

    [Theory]
    [InlineData("using TextualInversion.Models;", "Models")]
    [InlineData("using static TextualInversion.Data.TextFile;", "Data")]
    [InlineData("using Rows = TextualInversion.Training.Learner;", "Training")]
    [InlineData("    var rows = new global::TextualInversion.Models.UNet();", "Models")]
    public void Import_AnyWayToWriteIt_IsFound(string code, string folder) => Assert.Equal(folder, Import().Match(code).Groups[1].Value);

    [Theory]
    [InlineData("torch.matmul(a, b)")]
    [InlineData("a.matmul(b)")]
    [InlineData("var c = matmul(a, b);")]
    [InlineData("torch.autograd.grad([loss], [rows])")]
    public void Aborting_AnyWayToWriteIt_IsFound(string code) => Assert.Matches(Aborting(), code);

    private static string[] MayUse(string folder) => Allowed.TryGetValue(folder, out var folders)
        ? folders
        : throw new InvalidOperationException($"{folder}: is a new folder of the library; say in {nameof(LayeringTests)} what it may use.");

    /// <summary>The lines of code below a folder of src, without comments.</summary>
    private static IEnumerable<(string Folder, string Place, string Code)> Lines(string project)
    {
        var root = Path.Combine(Source, project);
        var files = Directory.EnumerateFiles(root, "*.cs", SearchOption.AllDirectories)
            .Select(file => (Path: file, Parts: Path.GetRelativePath(root, file).Split(Path.DirectorySeparatorChar)))
            .Where(file => !file.Parts.Any(part => part is "bin" or "obj")).ToList();
        Assert.NotEmpty(files);
        return from file in files
               let folder = file.Parts.Length > 1 ? file.Parts[0] : ""
               from line in File.ReadLines(file.Path).Index()
               let code = Comment().Replace(line.Item, "")
               where !code.StartsWith("namespace ", StringComparison.Ordinal)
               select (folder, $"{Path.GetRelativePath(Source, file.Path)}:{line.Index + 1}", code);
    }

    [GeneratedRegex(@"\bTextualInversion\.([A-Z]\w*)")]
    private static partial Regex Import();

    [GeneratedRegex(@"\bConsole\.|\bEnvironment\.(Exit|FailFast|SetEnvironmentVariable)\b|(?<variable>\bEnvironment\.GetEnvironmentVariables?\b)")]
    private static partial Regex OutsideWorld();

    [GeneratedRegex(@"\bmatmul\s*\(|\bautograd\.grad\s*\(")]
    private static partial Regex Aborting();

    [GeneratedRegex(@"//.*")]
    private static partial Regex Comment();
}
