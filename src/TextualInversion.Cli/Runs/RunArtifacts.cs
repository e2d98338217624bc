using TextualInversion.Cli.Infrastructure;
using TextualInversion.IO;
using TextualInversion.Training.RunFiles;

namespace TextualInversion.Cli.Runs;

/// <summary>A run that <c>ti train</c> left: what it wrote, and from what.</summary>
/// <param name="Embeddings">The files: checkpoints in their order, and the final one last.</param>
/// <param name="Images">The training images.</param>
/// <param name="Property">What the images share, or null if the record does not say.</param>
/// <param name="Loras">The LoRAs that were part of the frozen model.</param>
internal sealed record RunArtifacts(
    IReadOnlyList<string> Embeddings,
    IReadOnlyList<RunImage> Images,
    LearnedProperty? Property,
    IReadOnlyList<Lora> Loras
)
{
    /// <param name="folder">The run's folder, such as <c>runs/my-cat</c>.</param>
    /// <exception cref="TextualInversionException">It is no run's folder, or holds no embedding.</exception>
    public static RunArtifacts Read(string folder)
    {
        var record = RunRecord.Read(folder);
        if (record.Result.Words is { } words)
            throw new UsageException(
                $"--run {folder}: has several words, {string.Join(", ", words.Select(word => word.Placeholder))}; name "
                    + "the embedding of one with --embedding, and images that show it with --images."
            );
        var final = Final(record.Result.Embedding, folder);
        var checkpoints = RunFolder.CheckpointsIn(folder);
        var files = Directory.Exists(checkpoints) ? FolderListing.Files(checkpoints, "*.safetensors") : [];
        List<string> embeddings = [.. files.Append(final).Where(File.Exists)];
        if (embeddings.Count == 0)
            throw new UsageException(
                $"--run {folder}: has no checkpoint, and {final} is not there any more; name the files "
                    + "with --embedding."
            );
        var loras = record.Loras?.Select(lora => new Lora(lora.Path, lora.Strength));
        return new RunArtifacts(embeddings, record.Images, PropertyOf(record, folder), [.. loras ?? []]);
    }

    /// <summary>A warning for each training image that is another file now; missing ones are left out.</summary>
    public IEnumerable<string> ChangedImages() =>
        Images
            .Where(image => File.Exists(image.Path) && SpecialFile.Find(image.Path) is null)
            .Where(image => Sha256.OfFile(image.Path) != image.Sha256)
            .Select(image =>
                $"{image.Path}: is not the image that was trained on; run this where the training was started, or name "
                + "the images with --images"
            );

    /// <exception cref="TextualInversionException">The record names a property that does not exist.</exception>
    private static LearnedProperty? PropertyOf(RunRecord record, string folder)
    {
        if (!record.Options.TryGetValue("property", out var value))
            return null;
        var text = value.GetRawText(); // not its string: that of half a surrogate pair throws
        foreach (var property in Enum.GetValues<LearnedProperty>())
        {
            if (text.Equals($"\"{property}\"", StringComparison.OrdinalIgnoreCase))
                return property;
        }

        var names = string.Join(" or ", Choices.Names<LearnedProperty>());
        throw new TextualInversionException(
            $"{RunFolder.RecordIn(folder)}: options.property is not {names}; restore it from a copy, or train again."
        );
    }

    // The record's path is from where the training was started. Elsewhere the same path may be another run's.
    private static string Final(string path, string folder)
    {
        var name = Path.GetFileName(path);
        string[] places = [Path.Combine(folder, "..", "..", "embeddings", name), Path.Combine(folder, name)];
        return Path.GetRelativePath(Environment.CurrentDirectory, places.FirstOrDefault(File.Exists) ?? path);
    }
}
