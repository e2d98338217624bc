using TextualInversion.Evaluation;
using TextualInversion.Hub;
using TextualInversion.Models.Dino;

namespace TextualInversion;

/// <summary>Finds the DINOv2 that compares images.</summary>
internal static class DinoFinder
{
    /// <summary>The model that evaluations of subjects use.</summary>
    public const string Default = "facebook/dinov2-base";

    /// <param name="name">A folder or a hub id.</param>
    /// <param name="hubOptions">The hub and the cache.</param>
    /// <param name="progress">Receives the progress of a download.</param>
    /// <param name="cancellationToken">Stops a download, which continues the next time.</param>
    /// <returns>The folder.</returns>
    /// <exception cref="TextualInversionException">It is not found, or cannot be downloaded.</exception>
    public static async Task<string> FindAsync(
        string name,
        HubOptions hubOptions,
        IProgress<DownloadProgress>? progress,
        CancellationToken cancellationToken
    )
    {
        if (Directory.Exists(name))
            return name;
        var id =
            HubId.TryParse(name)
            ?? throw new TextualInversionException(
                $"{name}: no such folder; name one with the files of a DINOv2, or a hub id such as {Default}."
            );
        return await new ModelHub(hubOptions)
            .GetFilesAsync(
                id,
                [DinoModel.ConfigFile, ClipImageProcessor.ConfigFile, DinoModel.WeightsFiles[0]],
                progress,
                cancellationToken
            )
            .ConfigureAwait(false);
    }
}
