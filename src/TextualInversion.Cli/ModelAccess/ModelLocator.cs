using TextualInversion.Checkpoints;
using TextualInversion.Checkpoints.SingleFile;
using TextualInversion.Cli.Terminal;
using TextualInversion.Hub;

namespace TextualInversion.Cli.ModelAccess;

/// <summary>From what <c>--model</c> says to a model: <c>demo</c>, a folder, a single file, or a hub id, from the cache or downloaded into it.</summary>
/// <param name="variable">from an environment variable's name to its value</param>
internal sealed class ModelLocator(Func<string, string?> variable)
{
    public const string Demo = "demo";
    public const string Variable = "TI_MODEL";
    public const string Default = "stable-diffusion-v1-5/stable-diffusion-v1-5";

    private const string Choice =
        "--model takes a diffusers folder, a single file (.safetensors, .ckpt), a hub id owner/name, or demo, the small model that ships with ti.";

    private static readonly string[] FileEndings = [".safetensors", ".ckpt", ".pt", ".bin"];

    /// <param name="request">what the user said</param>
    /// <param name="recorded">the model recorded in the embedding being used, if any</param>
    /// <param name="messages">told of a download</param>
    /// <param name="cancellationToken">stops a download, which goes on from there the next time</param>
    /// <returns>the name to record, and the model</returns>
    /// <exception cref="TextualInversionException">There is no such model.</exception>
    public async Task<(string Name, IModelFiles Files)> FindAsync(
        ModelRequest request,
        string? recorded,
        ConsoleLog messages,
        CancellationToken cancellationToken
    )
    {
        var named = variable(Variable) is { Length: > 0 } value ? value : null;
        var name = request.Model ?? recorded ?? named ?? Default;
        var origin =
            request.Model is not null ? ""
            : recorded is not null ? "The embedding was learned on it; say where it is now with --model. "
            : named is not null ? $"{Variable} names it. "
            : "It is the default where no model is named. ";
        if (request.Config is not null && !File.Exists(name))
            throw new TextualInversionException(
                $"--config {request.Config}: belongs to a single file, and {name} is none; leave it out."
            );
        IModelFiles files = File.Exists(name)
            ? await SingleFileAsync(name, request, messages, cancellationToken)
            : await FolderAsync(name, request.Variant, origin, messages, cancellationToken);
        return (name, request.Vae is { } vae ? new ModelWithVae(files, vae) : files);
    }

    private async Task<ModelFolder> FolderAsync(
        string name,
        string? variant,
        string origin,
        ConsoleLog messages,
        CancellationToken cancellationToken
    )
    {
        if (name == Demo)
            return new ModelFolder(Path.Combine(AppContext.BaseDirectory, "demo-model"), variant);
        if (Directory.Exists(name))
            return new ModelFolder(name, variant);
        if (
            HubId.TryParse(name) is not { } id
            || Array.Exists(FileEndings, ending => name.EndsWith(ending, StringComparison.OrdinalIgnoreCase))
        )
            throw new TextualInversionException($"{name}: no such model. {origin}{Choice}");
        return new ModelFolder(await DownloadAsync(id, variant, origin, messages, cancellationToken), variant);
    }

    private async Task<SingleFileModel> SingleFileAsync(
        string path,
        ModelRequest request,
        ConsoleLog messages,
        CancellationToken cancellationToken
    )
    {
        if (request.Variant is { } variant)
            throw new TextualInversionException(
                $"--variant {variant}: belongs to a folder or hub id, and {path} is a file; leave it out."
            );
        var checkpoint = LdmCheckpoint.Open(path);
        if (request.Config is { } config)
            return new SingleFileModel(checkpoint, new ModelFolder(config));
        var tokenizers = await TokenizerFinder.FindAsync(
            HubEnvironment.Resolve(variable),
            checkpoint,
            messages,
            cancellationToken
        );
        return new SingleFileModel(checkpoint, tokenizers, request.Prediction);
    }

    private async Task<string> DownloadAsync(
        HubId id,
        string? variant,
        string origin,
        ConsoleLog messages,
        CancellationToken cancellationToken
    )
    {
        try
        {
            return await ModelDownload.RunAsync(
                HubEnvironment.Resolve(variable),
                id,
                variant,
                update: false,
                messages,
                cancellationToken
            );
        }
        catch (TextualInversionException problem)
        {
            var folder = Directory.Exists(id.Name.Split('/')[0]) ? $"There is no folder {id} here either. " : "";
            throw new TextualInversionException($"{problem.Message} {folder}{origin}{Choice}", problem);
        }
    }
}
