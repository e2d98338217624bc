using System.Text.Json;

namespace TextualInversion.Cli;

/// <summary>A run that <c>ti train</c> left: what it wrote, and from what.</summary>
/// <param name="Embeddings">the files, checkpoints in their order and the final one last</param>
/// <param name="Images">the given pictures</param>
/// <param name="Property">object or style</param>
internal sealed record RecordedRun(IReadOnlyList<string> Embeddings, IReadOnlyList<string> Images, string? Property)
{
    private const string FileName = "run.json";

    /// <param name="folder">such as <c>runs/my-cat</c></param>
    /// <exception cref="TextualInversionException">It is no run's folder, or holds no embedding.</exception>
    public static RecordedRun Read(string folder)
    {
        var path = Path.Combine(folder, FileName);
        if (!File.Exists(path)) throw new TextualInversionException($"--run {folder}: has no {FileName}; name the folder of a run, such as runs/my-cat.");
        try
        {
            using var json = JsonDocument.Parse(File.ReadAllText(path));
            var root = json.RootElement;
            var final = Found(root.GetProperty("result").GetProperty("embedding").GetString()!, Path.Combine(folder, "..", "..", "embeddings"));
            var checkpoints = Path.Combine(folder, "checkpoints");
            var files = Directory.Exists(checkpoints) ? Directory.EnumerateFiles(checkpoints, "*.safetensors").Order(StringComparer.Ordinal) : Enumerable.Empty<string>();
            List<string> embeddings = [.. files.Append(final).Where(File.Exists)];
            if (embeddings.Count == 0) throw new TextualInversionException($"--run {folder}: has no checkpoint, and {final} is not there any more; name the files with --embedding.");
            var images = root.GetProperty("pictures").EnumerateArray().Select(picture => picture.GetProperty("path").GetString()!);
            return new RecordedRun(embeddings, [.. images], root.GetProperty("options").GetProperty("property").GetString());
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException or KeyNotFoundException)
        {
            throw new TextualInversionException($"{path}: is no record of a run; name the files with --embedding.", error);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new TextualInversionException($"{path}: cannot be read ({error.Message.TrimEnd('.')}).", error);
        }
    }

    // The record's path is from where the training was started, which may be elsewhere.
    private static string Found(string path, string folder) => File.Exists(path) ? path : Path.GetRelativePath(Environment.CurrentDirectory, Path.Combine(folder, Path.GetFileName(path)));
}
