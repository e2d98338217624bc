using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace TextualInversion.Packaging;

/// <summary>
/// The packages of a program in the format CycloneDX (https://cyclonedx.org/docs/1.5/json). It has no time, and its
/// serial number follows from its content, so that the same packages give the same bytes.
/// </summary>
internal sealed record BillOfMaterials(
    [property: JsonPropertyName("$schema")] string Schema,
    string BomFormat,
    string SpecVersion,
    string? SerialNumber,
    int Version,
    BillOfMaterials.About Metadata,
    IReadOnlyList<BillOfMaterials.Component> Components
)
{
    private static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        WriteIndented = true,
        NewLine = "\n",
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, // the file is not part of a web page
    };

    /// <param name="program">The program.</param>
    /// <param name="license">The license of the program.</param>
    public static BillOfMaterials Of(PublishedProgram program, string license)
    {
        var application = new Component(
            "application",
            program.Name,
            program.Name,
            program.Version,
            Purl: null,
            LicensesOf(license),
            Hashes: null
        );
        var bill = new BillOfMaterials(
            "http://cyclonedx.org/schema/bom-1.5.schema.json",
            "CycloneDX",
            "1.5",
            SerialNumber: null,
            Version: 1,
            new About(application),
            [.. program.Packages.Select(ComponentOf)]
        );
        var hash = SHA256.HashData(Encoding.UTF8.GetBytes(bill.ToJson()));
        return bill with { SerialNumber = $"urn:uuid:{new Guid(hash.AsSpan(0, 16))}" };
    }

    public string ToJson() => JsonSerializer.Serialize(this, Json);

    private static Component ComponentOf(ShippedPackage package) =>
        new(
            "library",
            package.Purl,
            package.Name,
            package.Version,
            package.Purl,
            LicensesOf(package.License),
            package.Sha512 is { } hash ? [new Hash("SHA-512", hash)] : null
        );

    private static List<LicenseChoice>? LicensesOf(string? license) =>
        license is null ? null : [new LicenseChoice(license)];

    internal sealed record About(Component Component);

    internal sealed record Component(
        string Type,
        [property: JsonPropertyName("bom-ref")] string Reference,
        string Name,
        string Version,
        string? Purl,
        IReadOnlyList<LicenseChoice>? Licenses,
        IReadOnlyList<Hash>? Hashes
    );

    internal sealed record LicenseChoice(string Expression);

    internal sealed record Hash(string Alg, string Content);
}
