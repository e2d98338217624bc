using System.Text.RegularExpressions;
using TextualInversion.Tests.Fixtures;

namespace TextualInversion.Tests.Build;

/// <summary>What an advisory about a package does to a build, in a copy of the sources without a repository.</summary>
[Trait("Category", "EndToEnd")]
public sealed partial class AuditTests : IDisposable
{
    private const string Package = "SixLabors.ImageSharp";

    private static readonly string[] Copied =
    [
        "Directory.Build.props",
        "Directory.Build.targets",
        "Directory.Packages.props",
        "global.json",
        ".editorconfig",
        "LICENSE",
        "TextualInversion.sln",
        "docs/library.md",
        "scripts/audit",
        "scripts/find-dotnet.sh",
    ];

    private readonly TemporaryFolder folder = new();
    private readonly AdvisorySource source = new(Package);

    public AuditTests()
    {
        foreach (var file in Copied.Concat(Projects()).Concat(Sources()))
            Copy(file);
        folder.Write("NuGet.config", source.Configuration);
    }

    public void Dispose()
    {
        source.Dispose();
        folder.Dispose();
    }

    [Fact]
    public async Task Build_PackageWithAnAdvisory_SucceedsAndWarns()
    {
        var output = await ToolProcess.RequireAsync(
            folder.Path,
            "dotnet",
            "build",
            "src/TextualInversion",
            "-c",
            "Release"
        );

        Assert.Contains("warning NU1903", output);
        Assert.Contains($"'{Package}'", output);
        Assert.Contains("0 Error(s)", output);
    }

    [Fact]
    public async Task Audit_PackageWithAnAdvisory_NamesIt()
    {
        if (OperatingSystem.IsWindows())
            return; // it is a script of the shell
        var (exitCode, output) = await ToolProcess.RunAsync(
            folder.Path,
            new Dictionary<string, string?>(),
            "sh",
            "scripts/audit"
        );

        Assert.True(exitCode == 1, output);
        Assert.Contains($"NU1903: Package '{Package}'", output);
        Assert.DoesNotContain("NU1900", output);
    }

    private static IEnumerable<string> Projects() =>
        Project()
            .Matches(File.ReadAllText(Path.Combine(Goldens.Repository, "TextualInversion.sln")))
            .Select(project => project.Groups["path"].Value.Replace('\\', '/'));

    /// <summary>The files of the library without those that a build makes.</summary>
    private static IEnumerable<string> Sources() =>
        Directory
            .EnumerateFiles(Path.Combine(Goldens.Repository, "src/TextualInversion"), "*", SearchOption.AllDirectories)
            .Select(SourceFiles.NameOf)
            .Where(file => !file.Split(Path.DirectorySeparatorChar).Any(part => part is "bin" or "obj"));

    private void Copy(string file) => folder.Write(file, File.ReadAllBytes(Path.Combine(Goldens.Repository, file)));

    [GeneratedRegex("\"(?<path>[^\"]+\\.csproj)\"")]
    private static partial Regex Project();
}
