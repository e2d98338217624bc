using TextualInversion.Checkpoints.Loras;
using TextualInversion.IO;
using TextualInversion.Tensors;

namespace TextualInversion.Cli.ModelAccess;

/// <summary>The LoRAs that prompts call by name: the files in <c>loras/</c> and its sub-folders.</summary>
internal static class LoraFolder
{
    /// <summary>The folder, in the current one.</summary>
    public const string Name = "loras";

    private const int FilesShown = 5;

    /// <summary>
    /// The file that a name stands for: the file's name, with or without its extension and sub-folders, or, as in the
    /// WebUI, the name by which kohya's scripts trained it, if only one file has that; null if there is none, or see
    /// <see cref="Ambiguity"/>. One in the same case comes before the others, and safetensors before pickles.
    /// </summary>
    public static string? Find(string name)
    {
        var wanted = name.Replace('\\', '/');
        var found = Files().Where(file => Names(file).Contains(wanted, StringComparer.OrdinalIgnoreCase)).ToList();
        if (found.Count > 0)
            return found.Find(file => Names(file).Contains(wanted, StringComparer.Ordinal)) ?? found[0];
        return TrainedAs(name) is [var only] ? only : null;
    }

    /// <summary>
    /// What to say where <see cref="Find"/> finds nothing since several files were trained by the name, and none is
    /// called so; null otherwise.
    /// </summary>
    public static string? Ambiguity(string name)
    {
        if (TrainedAs(name) is not [var first, _, ..] files)
            return null;
        var more = files.Count > FilesShown ? $" and {files.Count - FilesShown} more" : "";
        return $"{files.Count} LoRAs in {Name}/ were trained as {name} (ss_output_name): "
            + $"{string.Join(", ", files.Take(FilesShown).Select(RelativeName))}{more}. Write the name of the file, "
            + $"such as {Path.ChangeExtension(RelativeName(first), null)}.";
    }

    /// <summary>The names that prompts may call.</summary>
    public static IReadOnlyList<string> Known() =>
        [.. Files().Select(file => Path.GetFileNameWithoutExtension(file)).Distinct()];

    /// <summary>The files whose metadata have the name.</summary>
    private static List<string> TrainedAs(string name) =>
        [.. Files().Where(file => name.Equals(Trained(file), StringComparison.OrdinalIgnoreCase))];

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

    /// <summary>The name in the file's metadata, or null.</summary>
    private static string? Trained(string file)
    {
        try
        {
            return Rank(file) == 0 ? SafetensorsFile.Open(file).Metadata.GetValueOrDefault("ss_output_name") : null;
        }
        catch (TextualInversionException)
        {
            return null; // named when it is used
        }
    }

    private static string[] Names(string file)
    {
        var relative = RelativeName(file);
        return
        [
            relative,
            Path.ChangeExtension(relative, null),
            Path.GetFileName(file),
            Path.GetFileNameWithoutExtension(file),
        ];
    }

    private static string RelativeName(string file) => Path.GetRelativePath(Name, file).Replace('\\', '/');
}
