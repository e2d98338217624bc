using TextualInversion.Checkpoints;
using TextualInversion.Checkpoints.Loras;
using TextualInversion.Checkpoints.SingleFile;
using TextualInversion.Hub;

namespace TextualInversion;

/// <summary>
/// Finds a model by its name: a folder, a single file, or a hub id, which is downloaded if the cache does not have it.
/// </summary>
internal static class ModelFinder
{
    private static readonly string[] FileExtensions = [".safetensors", ".ckpt", ".pt", ".bin"];

    /// <param name="source">A folder, a single file, or a hub id.</param>
    /// <param name="options">How the model is found.</param>
    /// <param name="cancellationToken">Stops a download, which continues the next time.</param>
    /// <exception cref="TextualInversionException">
    /// There is no such model, it cannot be downloaded, or an option does not fit it.
    /// </exception>
    public static async Task<IModelFiles> FindAsync(
        string source,
        LoadOptions options,
        CancellationToken cancellationToken
    )
    {
        var isFile = File.Exists(source);
        if (options.Config is { } config && !isFile)
            throw TextualInversionException.ForParameter(
                nameof(LoadOptions.Config),
                $"{config}: belongs to a single file, and the model is not one; leave it out."
            );
        if (options.Variant is { } variant && isFile)
            throw TextualInversionException.ForParameter(
                nameof(LoadOptions.Variant),
                $"{variant}: belongs to a folder or a hub id, and the model is a single file; leave it out."
            );
        IModelFiles files = isFile
            ? await OpenFileAsync(source, options, cancellationToken).ConfigureAwait(false)
            : new ModelFolder(
                await FindFolderAsync(source, options, cancellationToken).ConfigureAwait(false),
                options.Variant
            );
        if (options.Vae is { } vae)
            files = new ModelWithVae(files, vae);
        return ModelWithLoras.Of(files, options.Loras);
    }

    private static async Task<string> FindFolderAsync(
        string source,
        LoadOptions options,
        CancellationToken cancellationToken
    )
    {
        if (Directory.Exists(source))
            return source;
        var looksLikeFile = Array.Exists(
            FileExtensions,
            extension => source.EndsWith(extension, StringComparison.OrdinalIgnoreCase)
        );
        if (looksLikeFile || HubId.TryParse(source) is not { } id)
            throw new TextualInversionException(
                $"{source}: no such model; name a diffusers folder, a single file (.safetensors, .ckpt) or a hub id "
                    + "owner/name."
            );
        return await new ModelHub(options.Hub)
            .GetModelAsync(id, options.Variant, update: false, options.DownloadProgress, cancellationToken)
            .ConfigureAwait(false);
    }

    private static async Task<SingleFileModel> OpenFileAsync(
        string path,
        LoadOptions options,
        CancellationToken cancellationToken
    )
    {
        var checkpoint = LdmCheckpoint.Open(path);
        if (options.Config is { } config)
            return new SingleFileModel(checkpoint, new ModelFolder(config));
        var tokenizers = await TokenizerFinder
            .FindAsync(checkpoint, options.Hub, options.DownloadProgress, cancellationToken)
            .ConfigureAwait(false);
        var prediction = options.Prediction is { } given ? PredictionTypeNames.Of(given) : null;
        return new SingleFileModel(checkpoint, tokenizers, prediction);
    }
}
