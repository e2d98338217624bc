using TextualInversion.Checkpoints;
using TextualInversion.Checkpoints.SingleFile;
using TextualInversion.Cli.Terminal;
using TextualInversion.Hub;

namespace TextualInversion.Cli.ModelAccess;

/// <summary>
/// Finds the model that <c>--model</c> names: <c>demo</c>, a folder, a single file, or a hub id, which is downloaded
/// into the cache.
/// </summary>
/// <param name="variable">From an environment variable's name to its value, null if it is not set.</param>
internal sealed class ModelLocator(Func<string, string?> variable)
{
    public const string Demo = "demo";
    public const string Variable = "TI_MODEL";
    public const string Default = "stable-diffusion-v1-5/stable-diffusion-v1-5";

    private const string Choice =
        "--model takes a diffusers folder, a single file (.safetensors, .ckpt), a hub id owner/name, "
        + "or demo, the small model that ships with ti.";

    private static readonly string[] FileExtensions = [".safetensors", ".ckpt", ".pt", ".bin"];

    /// <param name="request">The model options as given.</param>
    /// <param name="recorded">The model that the embedding records, or null if it records none.</param>
    /// <param name="messages">Shows the progress of a download.</param>
    /// <param name="cancellationToken">Stops a download, which resumes the next time.</param>
    /// <returns>The name to record, and the model.</returns>
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
            : recorded is not null ? "The embedding was trained on it; name it with --model. "
            : named is not null ? $"{Variable} names it. "
            : "It is the default model. ";
        if (request.Config is not null && !File.Exists(name))
            throw new TextualInversionException(
                $"--config {request.Config}: is for a single file, and {name} is not one; leave it out."
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
            || Array.Exists(FileExtensions, extension => name.EndsWith(extension, StringComparison.OrdinalIgnoreCase))
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
                $"--variant {variant}: is for a folder or hub id, and {path} is a file; leave it out."
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
