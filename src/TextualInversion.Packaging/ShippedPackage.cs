namespace TextualInversion.Packaging;

/// <summary>A NuGet package of which a published program has files.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Version">Its version.</param>
/// <param name="License">Its license, as an SPDX expression; null if it only has a file.</param>
/// <param name="Copyright">The holders of the rights, as the package names them.</param>
/// <param name="Address">The page of the project; null if it names none.</param>
/// <param name="Sha512">The package's hash in lowercase hexadecimal digits; null if NuGet did not keep it.</param>
/// <param name="Texts">The licenses and notices that it contains, by the names of their files.</param>
internal sealed record ShippedPackage(
    string Name,
    string Version,
    string? License,
    string Copyright,
    string? Address,
    string? Sha512,
    IReadOnlyDictionary<string, string> Texts
)
{
    /// <summary>See https://github.com/package-url/purl-spec.</summary>
    public string Purl => $"pkg:nuget/{Name}@{Version}";
}
