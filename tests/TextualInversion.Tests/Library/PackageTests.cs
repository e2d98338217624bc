using System.IO.Compression;
using System.Xml.Linq;
using TextualInversion.Tests.Fixtures;

namespace TextualInversion.Tests.Library;

/// <summary>The package as an application uses it: packed, restored into a new project, and run.</summary>
[Trait("Category", "EndToEnd")]
public sealed class PackageTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task Pack_FreshProject_RunsTheExample()
    {
        var project = Path.Combine(Goldens.Repository, "src", "TextualInversion", "TextualInversion.csproj");
        string[] pack =
        [
            "pack",
            project,
            "-c",
            "Release",
            "--no-build",
            "-p:MinVerVersionOverride=0.0.1-test",
            "-o",
            folder.File("packages"),
        ];
        await ToolProcess.RequireAsync(Goldens.Repository, "dotnet", pack);
        RequireNoLibtorch(folder.File("packages/TextualInversion.0.0.1-test.nupkg"));
        Assert.True(File.Exists(folder.File("packages/TextualInversion.0.0.1-test.snupkg")));

        WriteProject();
        await ToolProcess.RequireAsync(folder.File("app"), "dotnet", "run", "-c", "Release");

        var embedding = Embedding.Load(folder.File("app/my-cat.safetensors"));
        Assert.Equal(("<my-cat>", "cat"), (embedding.Token, embedding.Provenance.Initializer));
        Assert.True(new FileInfo(folder.File("app/beach.png")).Length > 0);
    }

    private void WriteProject()
    {
        folder.Write("app/Program.cs", LibraryExampleTests.Snippet(nameof(LibraryExamples.TrainExample)) + "\n");
        Directory.CreateSymbolicLink(folder.File("app/samples"), Goldens.Sample());
        folder.Write(
            "app/app.csproj",
            $$"""
            <Project Sdk="Microsoft.NET.Sdk">
              <PropertyGroup>
                <OutputType>Exe</OutputType>
                <TargetFramework>net10.0</TargetFramework>
                <Nullable>enable</Nullable>
                <ImplicitUsings>enable</ImplicitUsings>
                <RestoreAdditionalProjectSources>../packages</RestoreAdditionalProjectSources>
                <!-- The packed file must not stay in the user's packages; the others are read there. -->
                <RestorePackagesPath>../restored</RestorePackagesPath>
                <RestoreFallbackFolders>{{UserPackages()}}</RestoreFallbackFolders>
              </PropertyGroup>
              <ItemGroup>
                <PackageReference Include="TextualInversion" Version="0.0.1-test" />
                <PackageReference Include="libtorch-cpu-linux-x64" Version="2.10.0" />
              </ItemGroup>
            </Project>
            """
        );
    }

    private static string UserPackages() =>
        Environment.GetEnvironmentVariable("NUGET_PACKAGES") is { Length: > 0 } folder
            ? folder
            : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages");

    private static void RequireNoLibtorch(string package)
    {
        using var zip = ZipFile.OpenRead(package);
        Assert.Contains(zip.Entries, entry => entry.FullName == "lib/net10.0/TextualInversion.xml");
        Assert.Contains(zip.Entries, entry => entry.FullName == "library.md");
        using var stream = zip.Entries.Single(entry => entry.Name == "TextualInversion.nuspec").Open();
        var dependencies = XDocument
            .Load(stream)
            .Descendants()
            .Where(element => element.Name.LocalName == "dependency")
            .Select(element => element.Attribute("id")!.Value)
            .ToList();
        Assert.Contains("TorchSharp", dependencies);
        Assert.DoesNotContain(dependencies, name => name.StartsWith("libtorch", StringComparison.OrdinalIgnoreCase));
    }
}
