using TextualInversion.Checkpoints;
using TextualInversion.Hub;
using TextualInversion.Models.Clip;

namespace TextualInversion;

/// <summary>Finds the CLIP model that judges images.</summary>
internal static class ClipFinder
{
    /// <summary>The model of the paper's scores.</summary>
    public const string Default = "openai/clip-vit-large-patch14";

    private static readonly string[] Small =
    [
        ClipModel.ConfigFile,
        "preprocessor_config.json",
        "vocab.json",
        "merges.txt",
    ];

    /// <summary>
    /// Whether a model is named, or is in the model's folder. A search for an initializer takes no other: nothing is
    /// downloaded for it unasked.
    /// </summary>
    /// <param name="name">A folder or a hub id, or null if none is named.</param>
    /// <param name="model">The model that generates.</param>
    public static bool IsNamedOrOwn(string? name, IModelFiles model) =>
        name is not null || Directory.Exists(OwnFolder(model));

    /// <param name="name">A folder or a hub id; null for the one in the model's folder, else the default.</param>
    /// <param name="model">The model that generates.</param>
    /// <param name="hubOptions">The hub and the cache.</param>
    /// <param name="progress">Receives the progress of a download.</param>
    /// <param name="cancellationToken">Stops a download, which continues the next time.</param>
    /// <returns>The folder of the CLIP model.</returns>
    /// <exception cref="TextualInversionException">It is not found, or cannot be downloaded.</exception>
    public static async Task<string> FindAsync(
        string? name,
        IModelFiles model,
        HubOptions hubOptions,
        IProgress<DownloadProgress>? progress,
        CancellationToken cancellationToken
    )
    {
        var own = OwnFolder(model);
        if (name is null && Directory.Exists(own))
            return own;
        if (name is not null && Directory.Exists(name))
            return name;
        var id =
            HubId.TryParse(name ?? Default)
            ?? throw TextualInversionException.ForParameter(
                nameof(EvaluateOptions.Clip),
                $"{name}: no such folder; name one with the files of a CLIP model, or a hub id such as {Default}."
            );
        var hub = new ModelHub(hubOptions);
        Task<string> GetAsync(string weights) =>
            hub.GetFilesAsync(id, [.. Small, weights], progress, cancellationToken);
        try
        {
            return await GetAsync(ClipModel.WeightsFiles[0]).ConfigureAwait(false);
        }
        catch (TextualInversionException problem)
            when (problem.Message.Contains($"has no {ClipModel.WeightsFiles[0]}", StringComparison.Ordinal))
        {
            return await GetAsync(ClipModel.WeightsFiles[1]).ConfigureAwait(false);
        }
    }

    private static string OwnFolder(IModelFiles model) => Path.Combine(model.Path, "clip");
}
