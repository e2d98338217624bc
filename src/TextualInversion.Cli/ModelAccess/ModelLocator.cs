using TextualInversion.Checkpoints;
using TextualInversion.Checkpoints.Loras;
using TextualInversion.Cli.Infrastructure;
using TextualInversion.Cli.Terminal;
using TextualInversion.Hub;
using TextualInversion.Models.Tokenizers;
using TextualInversion.Training.Data;

namespace TextualInversion.Cli.ModelAccess;

/// <summary>
/// Finds the model that <c>--model</c> names: <c>demo</c>, a folder, a single file, or a hub id, which is downloaded
/// into the cache.
/// </summary>
/// <param name="variable">Gives the value of an environment variable, or null if it is not set.</param>
internal sealed class ModelLocator(Func<string, string?> variable)
{
    public const string Demo = "demo";
    public const string Variable = "TI_MODEL";
    public const string Default = "stable-diffusion-v1-5/stable-diffusion-v1-5";

    private const string Option = "--model";

    /// <summary>The folder of the small model that ships with ti.</summary>
    public static readonly string DemoFolder = Path.Combine(AppContext.BaseDirectory, "demo-model");

    /// <summary>The user's cache of encoded images, or null if the user has no home folder.</summary>
    public LatentCache? LatentCache =>
        UserCache.Find(variable) is { } folder ? new LatentCache(Path.Combine(folder, "latents")) : null;

    /// <param name="request">The model options as given.</param>
    /// <param name="recorded">The model that the embedding records, or null if it records none.</param>
    /// <param name="messages">Shows the progress of a download.</param>
    /// <param name="cancellationToken">Stops a download, which resumes the next time.</param>
    /// <param name="option">The option that names the model, for messages.</param>
    /// <returns>The name to record, and the model.</returns>
    /// <exception cref="TextualInversionException">There is no such model, or an option does not fit it.</exception>
    public async Task<(string Name, IModelFiles Files)> FindAsync(
        ModelRequest request,
        string? recorded,
        ConsoleLog messages,
        CancellationToken cancellationToken,
        string option = Option
    )
    {
        var (name, origin) = Choose(request.Model, recorded, option);
        var source = SourceOf(name);
        IModelFiles files;
        try
        {
            files = await FindAsync(source, request, messages, cancellationToken);
        }
        catch (TextualInversionException problem) when (problem.Parameter is null && !Path.Exists(source))
        {
            throw new TextualInversionException(
                $"{problem.Message} {MissingFolder(name)}{origin}{Choice(option)}",
                problem
            );
        }

        return (name, ModelWithLoras.Of(files, request.UsedLoras));
    }

    /// <summary>
    /// The texts that are tokens of the model itself. If the model is not on this machine, there are none.
    /// </summary>
    /// <param name="request">The model options as given.</param>
    /// <param name="recorded">The model that the embedding records, or null if it records none.</param>
    /// <param name="texts">Texts of prompts that may be tokens.</param>
    /// <param name="cancellationToken">Stops the search.</param>
    public async Task<IReadOnlyList<string>> FindOwnTokensAsync(
        ModelRequest request,
        string? recorded,
        IReadOnlyList<string> texts,
        CancellationToken cancellationToken
    )
    {
        if (texts.Count == 0)
            return [];
        var source = SourceOf(Choose(request.Model, recorded, Option).Name);
        try
        {
            var options = request.Options with { Hub = HubOf(source) with { Offline = true } };
            var files = await ModelFinder.FindAsync(source, options, cancellationToken);
            var tokenizer = ClipTokenizer.Load(files.TokenizerFolder("tokenizer"));
            return [.. texts.Where(tokenizer.IsAddedToken)];
        }
        catch (TextualInversionException)
        {
            return []; // what is wrong is said when the model is opened
        }
    }

    /// <summary>Finds the model that is taken if none is named, without a download.</summary>
    /// <param name="cancellationToken">Stops the search.</param>
    /// <returns>The name, and why the model is not on this machine, or null if it is.</returns>
    public async Task<(string Name, string? Problem)> FindDefaultAsync(CancellationToken cancellationToken)
    {
        var (name, origin) = Choose(asked: null, recorded: null, Option);
        var source = SourceOf(name);
        try
        {
            var options = new ModelRequest().Options with { Hub = HubOf(source) with { Offline = true } };
            await ModelFinder.FindAsync(source, options, cancellationToken);
            return (name, null);
        }
        catch (TextualInversionException problem)
        {
            return (name, $"{problem.Message} {origin}{Choice(Option)}");
        }
    }

    /// <summary>Finds the folder of the CLIP model that <c>--clip-model</c> names.</summary>
    /// <param name="name">A folder or a hub id, or null for the default.</param>
    /// <param name="model">The model that generates the images.</param>
    /// <param name="messages">Shows the progress of a download.</param>
    /// <param name="cancellationToken">Stops a download, which resumes the next time.</param>
    /// <exception cref="TextualInversionException">There is no such model.</exception>
    public Task<string> FindClipAsync(
        string? name,
        IModelFiles model,
        ConsoleLog messages,
        CancellationToken cancellationToken
    )
    {
        var hub = HubEnvironment.Resolve(variable);
        return ModelDownload.ShowAsync(
            hub,
            messages,
            progress => ClipFinder.FindAsync(name, model, hub, progress, cancellationToken)
        );
    }

    /// <summary>Finds the folder of the DINOv2 that <c>--dino-model</c> names.</summary>
    /// <param name="name">A folder or a hub id.</param>
    /// <param name="messages">Shows the progress of a download.</param>
    /// <param name="cancellationToken">Stops a download, which resumes the next time.</param>
    /// <exception cref="TextualInversionException">There is no such model.</exception>
    public Task<string> FindDinoAsync(string name, ConsoleLog messages, CancellationToken cancellationToken)
    {
        var hub = HubOf(name);
        return ModelDownload.ShowAsync(
            hub,
            messages,
            progress => DinoFinder.FindAsync(name, hub, progress, cancellationToken)
        );
    }

    private static string Choice(string option) =>
        $"{option} also takes a folder, a file or demo, the small model that ships with ti.";

    private Task<IModelFiles> FindAsync(
        string source,
        ModelRequest request,
        ConsoleLog messages,
        CancellationToken cancellationToken
    )
    {
        var hub = HubOf(source);
        var options = request.Options with { Hub = hub };
        return ModelDownload.ShowAsync(
            hub,
            messages,
            progress => ModelFinder.FindAsync(source, options with { DownloadProgress = progress }, cancellationToken)
        );
    }

    private static string SourceOf(string name) => name == Demo ? DemoFolder : name;

    /// <summary>A folder needs no hub, so nothing can be wrong with the hub's variables.</summary>
    private HubOptions HubOf(string source) =>
        Directory.Exists(source) ? new HubOptions() : HubEnvironment.Resolve(variable);

    /// <summary>The model's name, and who names it, for an error message.</summary>
    private (string Name, string Origin) Choose(string? asked, string? recorded, string option)
    {
        if (asked is not null)
            return (asked, "");
        if (recorded is not null)
            return (recorded, $"The embedding was trained on it; name it with {option}. ");
        return variable(Variable) is { Length: > 0 } named
            ? (named, $"{Variable} names it. ")
            : (Default, "It is the default model. ");
    }

    /// <summary>A hint for a name that was meant as a folder's, since it begins like the path of one.</summary>
    private static string MissingFolder(string name) =>
        HubId.TryParse(name) is { } id && Directory.Exists(id.Name.Split('/')[0])
            ? $"There is no folder {id} here either. "
            : "";
}
