using TextualInversion.Checkpoints;
using TextualInversion.Checkpoints.Hub;
using TextualInversion.Cli.Rendering;

namespace TextualInversion.Cli;

/// <summary>From what <c>--model</c> says to a model: <c>demo</c>, a folder, or a hub id, from the cache or downloaded into it.</summary>
/// <param name="variable">from an environment variable's name to its value</param>
internal sealed class ModelLocator(Func<string, string?> variable)
{
    public const string Demo = "demo";
    public const string Variable = "TI_MODEL";
    public const string Default = "stable-diffusion-v1-5/stable-diffusion-v1-5";

    private const string Choice = "--model takes a diffusers folder, a hub id owner/name, or demo, the small model that ships with ti.";

    private static readonly string[] FileEndings = [".safetensors", ".ckpt", ".pt", ".bin"];

    /// <param name="model">what the user said, null where nothing</param>
    /// <param name="recorded">the model recorded in the embedding being used, if any</param>
    /// <param name="variant">the weights to prefer where there are several</param>
    /// <param name="messages">told of a download</param>
    /// <param name="cancellationToken">stops a download, which goes on from there the next time</param>
    /// <returns>the name to record, and the model</returns>
    /// <exception cref="TextualInversionException">There is no such model.</exception>
    public async Task<(string Name, IModelFiles Files)> FindAsync(string? model, string? recorded, string? variant, Messages messages, CancellationToken cancellationToken)
    {
        var named = variable(Variable) is { Length: > 0 } value ? value : null;
        var name = model ?? recorded ?? named ?? Default;
        if (name == Demo) return (name, new ModelFolder(Path.Combine(AppContext.BaseDirectory, "demo-model")));
        if (Directory.Exists(name)) return (name, new ModelFolder(name));
        var origin = model is not null ? "" : recorded is not null ? "The embedding was learned on it; say where it is now with --model. " : named is not null ? $"{Variable} names it. " : "It is the default where no model is named. ";
        if (HubId.TryParse(name) is not { } id || Array.Exists(FileEndings, ending => name.EndsWith(ending, StringComparison.OrdinalIgnoreCase)))
            throw new TextualInversionException($"{name}: no such model folder. {origin}{Choice}");
        return (name, new ModelFolder(await DownloadAsync(id, variant, origin, messages, cancellationToken)));
    }

    private async Task<string> DownloadAsync(HubId id, string? variant, string origin, Messages messages, CancellationToken cancellationToken)
    {
        try
        {
            return await ModelDownload.RunAsync(HubEnvironment.Resolve(variable), id, variant, update: false, messages, cancellationToken);
        }
        catch (TextualInversionException problem)
        {
            var folder = Directory.Exists(id.Name.Split('/')[0]) ? $"There is no folder {id} here either. " : "";
            throw new TextualInversionException($"{problem.Message} {folder}{origin}{Choice}", problem);
        }
    }
}
