using System.Xml.Linq;

namespace TextualInversion.Packaging;

/// <summary>A package in a folder of NuGet's.</summary>
internal static class PackageFolder
{
    private static readonly string[] StartsOfTexts = ["license", "notice", "third-party", "thirdparty", "copying"];
    private static readonly string[] EndsOfTexts = ["", ".txt", ".md"];

    /// <param name="roots">The folders of packages.</param>
    /// <param name="package">The package, as <c>NAME/VERSION</c>.</param>
    /// <exception cref="InvalidDataException">None of the folders has the package.</exception>
    public static ShippedPackage Read(IReadOnlyList<string> roots, string package)
    {
        var folder =
            roots.Select(root => Path.Combine(root, package.ToLowerInvariant())).FirstOrDefault(Directory.Exists)
            ?? throw new InvalidDataException($"{package}: is not in {string.Join(" or ", roots)}; restore it.");
        var metadata = XDocument.Load(Directory.GetFiles(folder, "*.nuspec").Single()).Descendants().ToList();
        var license = metadata.FirstOrDefault(element => element.Name.LocalName == "license");
        return new ShippedPackage(
            package.Split('/')[0],
            package.Split('/')[1],
            license?.Attribute("type")?.Value == "expression" ? license.Value : null,
            ValueOf("copyright") ?? ValueOf("authors") ?? "",
            ValueOf("projectUrl"),
            HashOf(folder),
            TextsOf(folder)
        );

        string? ValueOf(string name) =>
            metadata.FirstOrDefault(element => element.Name.LocalName == name)?.Value.Trim() is { Length: > 0 } value
                ? value
                : null;
    }

    private static string? HashOf(string folder) =>
        Directory.GetFiles(folder, "*.nupkg.sha512") is [var file]
            ? Convert.ToHexStringLower(Convert.FromBase64String(File.ReadAllText(file).Trim()))
            : null;

    private static SortedDictionary<string, string> TextsOf(string folder)
    {
        var texts = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var path in Directory.GetFiles(folder))
        {
            var name = Path.GetFileName(path).ToLowerInvariant();
            if (
                Array.Exists(StartsOfTexts, start => name.StartsWith(start, StringComparison.Ordinal))
                && EndsOfTexts.Contains(Path.GetExtension(name))
            )
                texts.Add(Path.GetFileName(path), File.ReadAllText(path).ReplaceLineEndings("\n").Trim());
        }

        return texts;
    }
}
