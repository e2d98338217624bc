namespace TextualInversion.Packaging;

/// <summary>The texts of common licenses, for packages that only name theirs.</summary>
internal static class LicenseText
{
    /// <param name="license">The SPDX identifier.</param>
    /// <returns>The text, or null if it is not known.</returns>
    public static string? Read(string license)
    {
        using var stream = typeof(LicenseText).Assembly.GetManifestResourceStream($"{license}.txt");
        if (stream is null)
            return null;
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd().ReplaceLineEndings("\n").Trim();
    }
}
