using System.Text;

namespace TextualInversion.Packaging;

/// <summary>
/// Writes into a published folder what its receivers are to be told: the program's license, the licenses of the
/// packages that are in it, and a bill of materials.
/// </summary>
internal static class Notices
{
    public const string LicenseFile = "LICENSE.txt";
    public const string TextFile = "THIRD-PARTY-NOTICES.txt";
    public const string BillFile = "bom.cdx.json";

    private const string OwnLicense = "Apache-2.0";
    private static readonly string Rule = new('-', 80);

    /// <param name="folder">The published folder.</param>
    /// <param name="assetsFile">The project.assets.json that it was built from.</param>
    /// <exception cref="InvalidDataException">A package is missing, or has neither a text nor a known license.
    /// </exception>
    public static void Write(string folder, string assetsFile)
    {
        var program = PublishedProgram.Read(folder, assetsFile);
        WriteText(LicenseFile, LicenseText.Read(OwnLicense)!);
        WriteText(TextFile, TextOf(program));
        WriteText(BillFile, BillOfMaterials.Of(program, OwnLicense).ToJson());

        void WriteText(string name, string text) =>
            File.WriteAllText(Path.Combine(folder, name), text.TrimEnd() + "\n", new UTF8Encoding(false));
    }

    internal static string TextOf(PublishedProgram program)
    {
        var text = new StringBuilder(
            $"""
            {program.Name} {program.Version} contains the following packages and data, each under its own license.


            """
        );
        foreach (var package in program.Packages)
            Append(text, package);
        text.AppendLine(Rule)
            .AppendLine("Unicode Character Database (composition of characters)")
            .AppendLine()
            .AppendLine(LicenseText.Read("Unicode-3.0"));
        return text.ToString().ReplaceLineEndings("\n");
    }

    private static void Append(StringBuilder text, ShippedPackage package)
    {
        text.AppendLine(Rule).AppendLine($"{package.Name} {package.Version}");
        foreach (var line in new[] { package.License, package.Copyright, package.Address })
        {
            if (!string.IsNullOrEmpty(line))
                text.AppendLine(line);
        }

        text.AppendLine();
        if (!package.Texts.Keys.Any(name => name.StartsWith("license", StringComparison.OrdinalIgnoreCase)))
            text.AppendLine(StandardText(package)).AppendLine();
        foreach (var (name, content) in package.Texts)
            text.AppendLine($"{name}:").AppendLine().AppendLine(content).AppendLine();
    }

    private static string StandardText(ShippedPackage package) =>
        (package.License is { } license ? LicenseText.Read(license) : null)
        ?? throw new InvalidDataException(
            $"{package.Name} {package.Version}: contains no license, and the text of "
                + $"{package.License ?? "its license"} is not known; add it to Licenses/."
        );
}
