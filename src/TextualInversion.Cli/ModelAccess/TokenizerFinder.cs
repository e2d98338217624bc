using TextualInversion.Checkpoints.SingleFile;
using TextualInversion.Cli.Terminal;
using TextualInversion.Hub;

namespace TextualInversion.Cli.ModelAccess;

/// <summary>
/// Finds the tokenizers that a single file does not contain: in a model of its kind in the cache, else on the hub.
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

    /// <returns>The folder of each tokenizer by its name in a pipeline, such as tokenizer_2.</returns>
    /// <exception cref="TextualInversionException">One is neither in the cache nor can be downloaded.</exception>
    public static async Task<IReadOnlyDictionary<string, string>> FindAsync(
        HubOptions options,
        LdmCheckpoint checkpoint,
        ConsoleLog messages,
        CancellationToken cancellationToken
    )
    {
        var hub = new ModelHub(options);
        var folders = new Dictionary<string, string>();
        foreach (var (name, places) in SingleFileModel.TokenizerPlaces(checkpoint.Line))
            folders[name] =
                places.Select(place => Cached(hub.Cache, place)).FirstOrDefault(folder => folder is not null)
                ?? await DownloadAsync(hub, checkpoint, places, messages, cancellationToken);
        return folders;
    }

    private static string? Cached(HubCache cache, TokenizerPlace place) =>
        cache.FindSnapshot(HubId.Parse(place.Repository)) is { } snapshot
        && Path.Combine(snapshot, place.Folder) is var folder
        && (
            File.Exists(Path.Combine(folder, "tokenizer.json"))
            || Files[..2].All(file => File.Exists(Path.Combine(folder, file)))
        )
            ? folder
            : null;

    private static async Task<string> DownloadAsync(
        ModelHub hub,
        LdmCheckpoint checkpoint,
        IReadOnlyList<TokenizerPlace> places,
        ConsoleLog messages,
        CancellationToken cancellationToken
    )
    {
        TextualInversionException? first = null;
        foreach (var (repository, folder) in places)
        {
            try
            {
                using var display = new DownloadDisplay(messages);
                var snapshot = await hub.GetFilesAsync(
                    HubId.Parse(repository),
                    [.. Files.Select(file => folder.Length == 0 ? file : $"{folder}/{file}")],
                    display,
                    cancellationToken
                );
                return Path.Combine(snapshot, folder);
            }
            catch (TextualInversionException problem)
            {
                first ??= problem;
            }
        }

        throw new TextualInversionException(
            $"{checkpoint.FilePath}: comes without a tokenizer; name a diffusers folder of the same kind of model with "
                + $"--config, or let it be downloaded. {first!.Message}",
            first
        );
    }
}
