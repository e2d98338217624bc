using TextualInversion.Cli.Terminal;

namespace TextualInversion.Cli.ModelAccess;

/// <summary>Shows downloads into the cache.</summary>
internal static class ModelDownload
{
    /// <param name="options">The cache.</param>
    /// <param name="messages">Shows the progress.</param>
    /// <param name="download">Downloads what is missing, and reports the progress.</param>
    /// <returns>The result of <paramref name="download"/>.</returns>
    public static async Task<T> ShowAsync<T>(
        HubOptions options,
        ConsoleLog messages,
        Func<IProgress<DownloadProgress>, Task<T>> download
    )
    {
        try
        {
            using var display = new DownloadDisplay(messages);
            return await download(display);
        }
        catch (OperationCanceledException)
        {
            messages.Info($"a partial download is kept in {options.CacheFolder}; rerun to resume");
            throw;
        }
    }
}
