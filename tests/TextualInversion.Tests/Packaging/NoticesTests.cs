using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using TextualInversion.Packaging;
using TextualInversion.Tests.Fixtures;

namespace TextualInversion.Tests.Packaging;

/// <summary>On a small published folder: a package with files, one without, the runtime, and libtorch.</summary>
public sealed class NoticesTests : IDisposable
{
    private static readonly byte[] Hash = SHA512.HashData("package"u8);

    private readonly TemporaryFolder folder = new();

    public NoticesTests()
    {
        folder.Write(
            "app/ti.deps.json",
            """
            {
              "runtimeTarget": { "name": "net/linux-x64" },
              "targets": {
                "net/linux-x64": {
                  "ti/1.2.3": { "runtime": { "ti.dll": {} } },
                  "Library/1.2.3": { "runtime": { "Library.dll": {} } },
                  "Fast.Code/2.0.0": { "runtime": { "lib/Fast.dll": {} } },
                  "Empty/1.0.0": {},
                  "runtimepack.The.Runtime/10.0.1": { "native": { "libcoreclr.so": {} } }
                }
              },
              "libraries": {
                "ti/1.2.3": { "type": "project" },
                "Library/1.2.3": { "type": "project" },
                "Fast.Code/2.0.0": { "type": "package" },
                "Empty/1.0.0": { "type": "package" },
                "runtimepack.The.Runtime/10.0.1": { "type": "runtimepack" }
              }
            }
            """
        );
        folder.Write(
            "project.assets.json",
            $$"""
            {
              "packageFolders": { {{JsonSerializer.Serialize(folder.File("packages"))}}: {} },
              "libraries": { "Fast.Code/2.0.0": {}, "libtorch-cpu-linux-x64/2.10.0": {}, "Analyzers/1.0.0": {} }
            }
            """
        );
        Package("fast.code", "2.0.0", "MIT");
        Package("the.runtime", "10.0.1", "MIT", ("LICENSE.TXT", "the license"), ("THIRD-PARTY-NOTICES.TXT", "others"));
        Package("libtorch-cpu-linux-x64", "2.10.0", "MIT", ("LICENSE-LIBTORCH.txt", "of libtorch"), ("x.png", ""));
        File.WriteAllText(folder.File("packages/fast.code/2.0.0/f.nupkg.sha512"), Convert.ToBase64String(Hash));
    }

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Write_PublishedFolder_NamesEveryPackageWithItsLicense()
    {
        Notices.Write(folder.File("app"), folder.File("project.assets.json"));

        var text = File.ReadAllText(folder.File("app/THIRD-PARTY-NOTICES.txt"));
        var headings = text.Split($"{new string('-', 80)}\n").Skip(1).Select(part => part.Split('\n')[0]);
        Assert.Equal(
            [
                "Fast.Code 2.0.0",
                "libtorch-cpu-linux-x64 2.10.0",
                "The.Runtime 10.0.1",
                "Unicode Character Database (composition of characters)",
            ],
            headings
        );
        Assert.Contains("MIT\n(c) fast.code\n\nThe MIT License (MIT)", text);
        Assert.Contains("LICENSE-LIBTORCH.txt:\n\nof libtorch", text);
        Assert.Contains("LICENSE.TXT:\n\nthe license\n\nTHIRD-PARTY-NOTICES.TXT:\n\nothers", text);
        Assert.Equal(
            File.ReadAllText(Path.Combine(Goldens.Repository, "LICENSE")).Trim(),
            File.ReadAllText(folder.File("app/LICENSE.txt")).Trim()
        );
    }

    [Fact]
    public void Write_PublishedFolder_GivesABillOfItsPackages()
    {
        Notices.Write(folder.File("app"), folder.File("project.assets.json"));

        using var bill = JsonDocument.Parse(File.ReadAllBytes(folder.File("app/bom.cdx.json")));
        var root = bill.RootElement;
        Assert.Equal("CycloneDX", root.GetProperty("bomFormat").GetString());
        Assert.Equal("1.2.3", root.GetProperty("metadata").GetProperty("component").GetProperty("version").GetString());
        Assert.Equal(
            ["pkg:nuget/Fast.Code@2.0.0", "pkg:nuget/libtorch-cpu-linux-x64@2.10.0", "pkg:nuget/The.Runtime@10.0.1"],
            root.GetProperty("components").EnumerateArray().Select(part => part.GetProperty("purl").GetString())
        );
        var hash = root.GetProperty("components")[0].GetProperty("hashes")[0];
        Assert.Equal(Convert.ToHexStringLower(Hash), hash.GetProperty("content").GetString());
    }

    [Fact]
    public void Write_Twice_GivesTheSameBytes()
    {
        Notices.Write(folder.File("app"), folder.File("project.assets.json"));
        var first = File.ReadAllBytes(folder.File("app/bom.cdx.json"));
        Notices.Write(folder.File("app"), folder.File("project.assets.json"));

        Assert.Equal(first, File.ReadAllBytes(folder.File("app/bom.cdx.json")));
    }

    [Fact]
    public void Write_PackageWithoutAnyLicense_IsRefused()
    {
        Package("fast.code", "2.0.0", "Unheard-Of");

        var error = Assert.Throws<InvalidDataException>(() =>
            Notices.Write(folder.File("app"), folder.File("project.assets.json"))
        );
        Assert.Contains("Fast.Code 2.0.0", error.Message);
    }

    [Fact]
    public void Write_PackageThatIsMissing_IsRefused()
    {
        Directory.Delete(folder.File("packages/the.runtime"), recursive: true);

        var error = Assert.Throws<InvalidDataException>(() =>
            Notices.Write(folder.File("app"), folder.File("project.assets.json"))
        );
        Assert.Contains("The.Runtime/10.0.1", error.Message);
    }

    [Fact]
    public void Write_FolderOfNoProgram_IsRefused()
    {
        File.Delete(folder.File("app/ti.deps.json"));

        Assert.Throws<InvalidDataException>(() =>
            Notices.Write(folder.File("app"), folder.File("project.assets.json"))
        );
    }

    private void Package(string name, string version, string license, params (string Name, string Text)[] texts)
    {
        var nuspec = new StringBuilder("<package><metadata>")
            .Append($"<license type=\"expression\">{license}</license><copyright>(c) {name}</copyright>")
            .Append("</metadata></package>");
        folder.Write($"packages/{name}/{version}/{name}.nuspec", nuspec.ToString());
        foreach (var (file, text) in texts)
            folder.Write($"packages/{name}/{version}/{file}", text);
    }
}
