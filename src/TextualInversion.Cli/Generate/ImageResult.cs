using TextualInversion.Cli.Infrastructure;
using TextualInversion.Cli.ModelAccess;

namespace TextualInversion.Cli.Generate;

/// <summary>What <c>ti generate</c> prints: the files' paths, or all about them as JSON.</summary>
/// <param name="Album">the images</param>
/// <param name="ModelName">as a user would name it</param>
/// <param name="Embeddings">the triggers of those that were used</param>
/// <param name="Seconds">for all images together</param>
internal sealed record ImageResult(
    GeneratedImageWriter Album,
    string ModelName,
    IReadOnlyList<string> Embeddings,
    double Seconds
)
{
    public void Write(TextWriter output, bool asJson)
    {
        var paths = Album.Written.Select(image => image.Path).Concat(Album.Sheet is null ? [] : [Album.Sheet]);
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
                Images = Album.Written.Select(image => new { Path = JsonOutput.Relative(image.Path), image.Seed }),
                Grid = Album.Sheet is null ? null : JsonOutput.Relative(Album.Sheet),
                Model = ModelName,
                Embeddings,
                SecondsPerImage = Seconds / Math.Max(Album.Count, 1),
                PeakMemoryBytes = ProcessMemory.PeakBytes(),
            }
        );
}
