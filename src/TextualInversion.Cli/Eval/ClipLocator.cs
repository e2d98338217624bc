using TextualInversion.Checkpoints;
using TextualInversion.Cli.ModelAccess;
using TextualInversion.Cli.Terminal;
using TextualInversion.Hub;
using TextualInversion.Models.Clip;

namespace TextualInversion.Cli.Eval;

/// <summary>From what <c>--clip</c> says to the folder of a CLIP.</summary>
/// <param name="variable">from an environment variable's name to its value</param>
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

    /// <param name="name">a folder or a hub id; null for the one in the model's folder, else <see cref="Default"/></param>
    /// <param name="model">the model that paints</param>
    /// <param name="messages">told of a download</param>
    /// <param name="cancellationToken">stops a download, which goes on from there the next time</param>
    /// <exception cref="TextualInversionException">There is none.</exception>
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
                $"--clip {name}: no such folder; name one with a CLIP's files, or a hub id such as {Default}."
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
