using TextualInversion.Checkpoints.SingleFile;
using TextualInversion.Hub;

namespace TextualInversion;

/// <summary>
/// Finds the tokenizers that a single file lacks: those of any model of its kind in the cache, else from the hub.
/// </summary>
internal static class TokenizerFinder
{
    private static readonly string[] Files =
    [
        "vocab.json",
        "merges.txt",
        "tokenizer_config.json",
        "special_tokens_map.json",
    ];

    /// <returns>The tokenizers' folders, by the names of their parts.</returns>
    /// <exception cref="TextualInversionException">
    /// A tokenizer is neither in the cache nor can it be downloaded.
    /// </exception>
    public static async Task<IReadOnlyDictionary<string, string>> FindAsync(
        LdmCheckpoint checkpoint,
        HubOptions options,
        IProgress<DownloadProgress>? progress,
        CancellationToken cancellationToken
    )
    {
        var hub = new ModelHub(options);
        var folders = new Dictionary<string, string>();
        foreach (var (name, places) in SingleFileModel.TokenizerPlaces(checkpoint.Line))
            folders[name] =
                places.Select(place => FindInCache(hub.Cache, place)).FirstOrDefault(folder => folder is not null)
                ?? await DownloadAsync(hub, checkpoint, places, progress, cancellationToken).ConfigureAwait(false);
        return folders;
    }

    private static string? FindInCache(HubCache cache, TokenizerPlace place)
    {
        if (cache.FindSnapshot(HubId.Parse(place.Repository)) is not { } snapshot)
            return null;
        var folder = Path.Combine(snapshot, place.Folder);
        var isComplete =
            File.Exists(Path.Combine(folder, "tokenizer.json"))
            || Files[..2].All(file => File.Exists(Path.Combine(folder, file)));
        return isComplete ? folder : null;
    }

    private static async Task<string> DownloadAsync(
        ModelHub hub,
        LdmCheckpoint checkpoint,
        IReadOnlyList<TokenizerPlace> places,
        IProgress<DownloadProgress>? progress,
        CancellationToken cancellationToken
    )
    {
        TextualInversionException? first = null;
        foreach (var (repository, folder) in places)
        {
            try
            {
                var files = Files.Select(file => folder.Length == 0 ? file : $"{folder}/{file}").ToList();
                var snapshot = await hub.GetFilesAsync(HubId.Parse(repository), files, progress, cancellationToken)
                    .ConfigureAwait(false);
                return Path.Combine(snapshot, folder);
            }
            catch (TextualInversionException problem)
            {
                first ??= problem;
            }
        }

        throw TextualInversionException.ForParameter(
            nameof(LoadOptions.Config),
            $"is missing: {checkpoint.FilePath} has no tokenizer of its own; name a diffusers folder of the same kind "
                + $"of model, or allow the download of its tokenizer. {first!.Message}",
            first
        );
    }
}
