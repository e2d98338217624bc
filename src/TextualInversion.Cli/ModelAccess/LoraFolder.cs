using TextualInversion.Checkpoints.Loras;
using TextualInversion.IO;

namespace TextualInversion.Cli.ModelAccess;

/// <summary>The LoRAs that prompts call by name: the files in <c>loras/</c> and its sub-folders.</summary>
internal static class LoraFolder
{
    /// <summary>The folder, in the current one.</summary>
    public const string Name = "loras";

    /// <summary>
    /// The file that a name stands for: the file's name, with or without its extension and sub-folders; null if there
    /// is none. One in the same case comes before the others, and safetensors before pickles.
    /// </summary>
    public static string? Find(string name)
    {
        var wanted = name.Replace('\\', '/');
        var found = Files().Where(file => Names(file).Contains(wanted, StringComparer.OrdinalIgnoreCase)).ToList();
        return found.Find(file => Names(file).Contains(wanted, StringComparer.Ordinal)) ?? found.FirstOrDefault();
    }

    /// <summary>The names that prompts may call.</summary>
    public static IReadOnlyList<string> Known() =>
        [.. Files().Select(file => Path.GetFileNameWithoutExtension(file)).Distinct()];

    private static IEnumerable<string> Files() =>
        !Directory.Exists(Name)
            ? []
            : FolderTree
                .Files(Name)
                .Where(file => Rank(file) >= 0)
                .OrderBy(Rank)
                .ThenBy(file => file, StringComparer.Ordinal);

    /// <summary>The place of the file's extension in the order of preference, -1 for another.</summary>
    private static int Rank(string file) =>
        LoraFile.Extensions.ToList().IndexOf(Path.GetExtension(file).ToLowerInvariant());

    private static string[] Names(string file)
    {
        var relative = Path.GetRelativePath(Name, file).Replace('\\', '/');
        return
        [
            relative,
            Path.ChangeExtension(relative, null),
            Path.GetFileName(file),
            Path.GetFileNameWithoutExtension(file),
        ];
    }
}
