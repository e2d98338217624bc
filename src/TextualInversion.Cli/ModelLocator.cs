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

    private static readonly string[] FileEndings = [".safetensors", ".ckpt", ".pt", ".bin"];

    /// <param name="model">what the user said, null where nothing</param>
    /// <param name="recorded">the model recorded in the embedding being used, if any</param>
    /// <param name="messages">told of a download</param>
    /// <param name="cancellationToken">stops a download, which goes on from there the next time</param>
    /// <returns>the name to record, and the model</returns>
    /// <exception cref="TextualInversionException">There is no such model.</exception>
    public async Task<(string Name, IModelFiles Files)> FindAsync(string? model, string? recorded, Messages messages, CancellationToken cancellationToken)
    {
        var named = variable(Variable) is { Length: > 0 } value ? value : null;
        var name = model ?? recorded ?? named ?? Default;
        if (name == Demo) return (name, new ModelFolder(Path.Combine(AppContext.BaseDirectory, "demo-model")));
        if (Directory.Exists(name)) return (name, new ModelFolder(name));
        var origin = model is not null ? "" : recorded is not null ? "The embedding was learned on this model; name it with --model. " : named is not null ? $"({Variable} names it.) " : "It is the default; name another with --model. ";
        if (HubId.TryParse(name) is not { } id || Array.Exists(FileEndings, ending => name.EndsWith(ending, StringComparison.OrdinalIgnoreCase)))
            throw new TextualInversionException($"{name}: no such model folder. {origin}Name a diffusers folder or a hub id, owner/name; --model demo is the small one that ships with ti.");
        try
        {
            using var download = new DownloadDisplay(messages);
            return (name, new ModelFolder(await new ModelHub(HubEnvironment.Resolve(variable)).GetModelAsync(id, variant: null, update: false, download, cancellationToken)));
        }
        catch (TextualInversionException problem)
        {
            throw new TextualInversionException($"{problem.Message} {(Path.Exists(name.Split('/')[0]) ? $"There is no folder {name} here either. " : "")}{origin}--model demo is the small one that ships with ti.", problem);
        }
    }
}
