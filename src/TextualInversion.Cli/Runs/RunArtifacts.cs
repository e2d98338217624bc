using TextualInversion.Cli.Infrastructure;
using TextualInversion.Training.RunFiles;

namespace TextualInversion.Cli.Runs;

/// <summary>A run that <c>ti train</c> left: what it wrote, and from what.</summary>
/// <param name="Embeddings">The files: checkpoints in their order, and the final one last.</param>
/// <param name="Images">The training images.</param>
/// <param name="Property">object or style.</param>
internal sealed record RunArtifacts(IReadOnlyList<string> Embeddings, IReadOnlyList<string> Images, string? Property)
{
    /// <param name="folder">The run's folder, such as <c>runs/my-cat</c>.</param>
    /// <exception cref="TextualInversionException">It is no run's folder, or holds no embedding.</exception>
    public static RunArtifacts Read(string folder)
    {
        var record = RunRecord.Read(folder);
        var final = Found(record.Result.Embedding, Path.Combine(folder, "..", "..", "embeddings"));
        var checkpoints = RunFolder.CheckpointsIn(folder);
        var files = Directory.Exists(checkpoints)
            ? Directory.EnumerateFiles(checkpoints, "*.safetensors").Order(StringComparer.Ordinal)
            : Enumerable.Empty<string>();
        List<string> embeddings = [.. files.Append(final).Where(File.Exists)];
        if (embeddings.Count == 0)
            throw new UsageException(
                $"--run {folder}: has no checkpoint, and {final} is not there any more; name the files "
                    + "with --embedding."
            );
        return new RunArtifacts(
            embeddings,
            [.. record.Images.Select(image => image.Path)],
            record.Options.GetValueOrDefault("property").ToString()
        );
    }

    // The record's path is from where the training was started, which may be elsewhere.
    private static string Found(string path, string folder) =>
        File.Exists(path)
            ? path
            : Path.GetRelativePath(Environment.CurrentDirectory, Path.Combine(folder, Path.GetFileName(path)));
}
