namespace TextualInversion.Tests.Fixtures;

/// <summary>The C# files of this repository.</summary>
internal static class SourceFiles
{
    /// <summary>The files in a folder of the repository and below, without those that a build makes.</summary>
    public static IEnumerable<string> Below(string folder) =>
        Directory
            .EnumerateFiles(Path.Combine(Goldens.Repository, folder), "*.cs", SearchOption.AllDirectories)
            .Where(file => !file.Split(Path.DirectorySeparatorChar).Any(part => part is "bin" or "obj"));

    public static string NameOf(string file) => Path.GetRelativePath(Goldens.Repository, file);
}
