using TextualInversion.Cli.Infrastructure;
using TextualInversion.Cli.ModelAccess;

namespace TextualInversion.Cli.Generate;

/// <summary>What <c>ti generate</c> prints: the files' paths, or all about them as JSON.</summary>
/// <param name="Album">the pictures</param>
/// <param name="ModelName">as a user would name it</param>
/// <param name="Embeddings">the triggers of those that were used</param>
/// <param name="Seconds">for all pictures together</param>
internal sealed record PictureResult(
    PictureAlbum Album,
    string ModelName,
    IReadOnlyList<string> Embeddings,
    double Seconds
)
{
    public void Write(TextWriter output, bool asJson)
    {
        var paths = Album.Written.Select(picture => picture.Path).Concat(Album.Sheet is null ? [] : [Album.Sheet]);
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
                Images = Album.Written.Select(picture => new
                {
                    Path = JsonOutput.Relative(picture.Path),
                    picture.Seed,
                }),
                Grid = Album.Sheet is null ? null : JsonOutput.Relative(Album.Sheet),
                Model = ModelName,
                Embeddings,
                SecondsPerImage = Seconds / Math.Max(Album.Count, 1),
                PeakMemoryBytes = Machine.PeakMemoryBytes(),
            }
        );
}
