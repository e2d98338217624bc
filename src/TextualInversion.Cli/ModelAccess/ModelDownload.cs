using TextualInversion.Cli.Terminal;
using TextualInversion.Hub;

namespace TextualInversion.Cli.ModelAccess;

/// <summary>Brings a model into the cache, with a bar where something is fetched.</summary>
internal static class ModelDownload
{
    /// <returns>its folder</returns>
    /// <exception cref="TextualInversionException">See <see cref="ModelHub.GetModelAsync"/>, as for the parameters.</exception>
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
            messages.Info($"what came of {id} is kept in {options.CacheFolder}; the same command goes on from there");
            throw;
        }
    }
}
