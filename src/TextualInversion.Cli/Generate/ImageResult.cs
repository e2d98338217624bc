using TextualInversion.Cli.Infrastructure;
using TextualInversion.Cli.ModelAccess;

namespace TextualInversion.Cli.Generate;

/// <summary>The result of <c>ti generate</c>: the files' paths, or all about them as JSON.</summary>
/// <param name="Writer">The images that were written.</param>
/// <param name="ModelName">The model as a user would name it.</param>
/// <param name="Embeddings">The triggers of the embeddings used.</param>
/// <param name="Seconds">The time for all images together.</param>
internal sealed record ImageResult(
    GeneratedImageWriter Writer,
    string ModelName,
    IReadOnlyList<string> Embeddings,
    double Seconds
)
{
    public void Write(TextWriter output, bool asJson)
    {
        var paths = Writer.Written.Select(image => image.Path).Concat(Writer.Grid is null ? [] : [Writer.Grid]);
        if (asJson)
            output.WriteLine(Json());
        else
            foreach (var path in paths)
                output.WriteLine(JsonOutput.Relative(path));
    }

    private string Json() =>
        JsonOutput.Serialize(
            new
            {
                Images = Writer.Written.Select(image => new { Path = Path.GetFullPath(image.Path), image.Seed }),
                Grid = Writer.Grid is null ? null : Path.GetFullPath(Writer.Grid),
                Model = ModelName,
                Embeddings,
                SecondsPerImage = Seconds / Math.Max(Writer.Count, 1),
                PeakMemoryBytes = ProcessMemory.PeakBytes(),
            }
        );
}
