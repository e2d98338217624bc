using TextualInversion.Cli.Terminal;
using TextualInversion.Hub;

namespace TextualInversion.Cli.ModelAccess;

/// <summary>Downloads a model into the cache, with a progress bar.</summary>
internal static class ModelDownload
{
    /// <returns>The folder of the model.</returns>
    /// <exception cref="TextualInversionException">See <see cref="ModelHub.GetModelAsync"/>, as for the
    /// parameters.</exception>
    public static async Task<string> RunAsync(
        HubOptions options,
        HubId id,
        string? variant,
        bool update,
        ConsoleLog messages,
        CancellationToken cancellationToken
    )
    {
        try
        {
            using var display = new DownloadDisplay(messages);
            return await new ModelHub(options).GetModelAsync(id, variant, update, display, cancellationToken);
        }
        catch (OperationCanceledException)
        {
            messages.Info($"partial download of {id} kept in {options.CacheFolder}; rerun to resume");
            throw;
        }
    }
}
