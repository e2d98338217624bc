using TextualInversion.Checkpoints;
using TextualInversion.Cli.ModelAccess;
using TextualInversion.Cli.Terminal;
using TextualInversion.Hub;
using TextualInversion.Models.Clip;

namespace TextualInversion.Cli.Eval;

/// <summary>Finds the folder of the CLIP model that <c>--clip-model</c> names, and downloads it if needed.</summary>
/// <param name="variable">From an environment variable's name to its value.</param>
internal sealed class ClipLocator(Func<string, string?> variable)
{
    public const string Default = "openai/clip-vit-large-patch14";

    private static readonly string[] Small =
    [
        ClipModel.ConfigFile,
        "preprocessor_config.json",
        "vocab.json",
        "merges.txt",
    ];

    /// <param name="name">A folder or a hub id; null for the one in the model's folder, or else
    /// <see cref="Default"/>.</param>
    /// <param name="model">The model that generates the images.</param>
    /// <param name="messages">Shows a download.</param>
    /// <param name="cancellationToken">Stops a download; the next one continues from there.</param>
    /// <exception cref="TextualInversionException">No such model was found.</exception>
    public async Task<string> FindAsync(
        string? name,
        IModelFiles model,
        ConsoleLog messages,
        CancellationToken cancellationToken
    )
    {
        var own = Path.Combine(model.Path, "clip");
        if (name is null && Directory.Exists(own))
            return own;
        if (name is not null && Directory.Exists(name))
            return name;
        var id =
            HubId.TryParse(name ?? Default)
            ?? throw new TextualInversionException(
                $"--clip-model {name}: no such folder; name a folder with the files of a CLIP, or a hub id such "
                    + $"as {Default}."
            );
        using var display = new DownloadDisplay(messages);
        var hub = new ModelHub(HubEnvironment.Resolve(variable));
        try
        {
            return await hub.GetFilesAsync(id, [.. Small, ClipModel.WeightsFiles[0]], display, cancellationToken);
        }
        catch (TextualInversionException problem)
            when (problem.Message.Contains($"has no {ClipModel.WeightsFiles[0]}", StringComparison.Ordinal))
        {
            return await hub.GetFilesAsync(id, [.. Small, ClipModel.WeightsFiles[1]], display, cancellationToken);
        }
    }
}
