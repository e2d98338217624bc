using System.Text.Json;

namespace TextualInversion.Packaging;

/// <summary>A published folder: the program in it, and the packages that its files are from.</summary>
/// <param name="Name">The name of the program.</param>
/// <param name="Version">Its version.</param>
/// <param name="Packages">The packages by name.</param>
internal sealed record PublishedProgram(string Name, string Version, IReadOnlyList<ShippedPackage> Packages)
{
    private const string Extension = ".deps.json";

    // How the list of dependencies names the package with the .NET runtime of a self-contained program.
    private const string RuntimePack = "runtimepack.";

    // Its files are copied, so the list does not have it.
    private const string Libtorch = "libtorch-";

    private static readonly string[] KindsOfFiles = ["runtime", "native", "resources", "runtimeTargets"];

    /// <param name="folder">The published folder.</param>
    /// <param name="assetsFile">The project.assets.json that it was built from.</param>
    /// <exception cref="InvalidDataException">A file is not as the SDK writes it, or a package is missing.</exception>
    public static PublishedProgram Read(string folder, string assetsFile)
    {
        if (Directory.GetFiles(folder, "*" + Extension) is not [var dependenciesFile])
            throw new InvalidDataException(
                $"{folder}: does not have one file *{Extension}; publish a program into it."
            );
        try
        {
            using var dependencies = JsonDocument.Parse(File.ReadAllBytes(dependenciesFile));
            using var assets = JsonDocument.Parse(File.ReadAllBytes(assetsFile));
            var name = Path.GetFileName(dependenciesFile)[..^Extension.Length];
            var folders = assets.RootElement.GetProperty("packageFolders").EnumerateObject().Select(each => each.Name);
            var packages = PackagesOf(dependencies.RootElement)
                .Concat(LibtorchOf(assets.RootElement))
                .Order(StringComparer.OrdinalIgnoreCase)
                .Select(package => PackageFolder.Read([.. folders], package));
            return new PublishedProgram(name, VersionOf(name, dependencies.RootElement), [.. packages]);
        }
        catch (Exception error) when (error is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            throw new InvalidDataException(
                $"{dependenciesFile}, {assetsFile}: are not as the .NET SDK writes them ({error.Message}).",
                error
            );
        }
    }

    /// <summary>The packages with files in the program, as <c>NAME/VERSION</c>.</summary>
    private static IEnumerable<string> PackagesOf(JsonElement dependencies)
    {
        var target = dependencies.GetProperty("runtimeTarget").GetProperty("name").GetString()!;
        return from package in dependencies.GetProperty("targets").GetProperty(target).EnumerateObject()
            let kind = dependencies.GetProperty("libraries").GetProperty(package.Name).GetProperty("type").GetString()
            where kind is "package" or "runtimepack"
            where Array.Exists(KindsOfFiles, files => package.Value.TryGetProperty(files, out _))
            select kind == "runtimepack" ? package.Name[RuntimePack.Length..] : package.Name;
    }

    private static IEnumerable<string> LibtorchOf(JsonElement assets) =>
        assets
            .GetProperty("libraries")
            .EnumerateObject()
            .Select(library => library.Name)
            .Where(name => name.StartsWith(Libtorch, StringComparison.Ordinal));

    private static string VersionOf(string program, JsonElement dependencies) =>
        dependencies
            .GetProperty("libraries")
            .EnumerateObject()
            .Select(library => library.Name.Split('/'))
            .First(parts => parts[0] == program)[1];
}
