using System.Text;

namespace TextualInversion.Tests.Fixtures;

internal static class TemporaryFolderExtensions
{
    /// <summary>Writes a file, making its sub-folder, and returns its path.</summary>
    public static string Write(this TemporaryFolder folder, string name, byte[] content)
    {
        var path = folder.File(name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllBytes(path, content);
        return path;
    }

    /// <summary>Writes text in UTF-8.</summary>
    public static string Write(this TemporaryFolder folder, string name, string content) =>
        folder.Write(name, Encoding.UTF8.GetBytes(content));
}
