using System.CommandLine;
using TextualInversion.Cli.EmbeddingFiles;
using TextualInversion.Cli.Infrastructure;
using TextualInversion.Cli.Terminal;
using TextualInversion.Generation;

namespace TextualInversion.Cli.Generate.Options;

/// <summary>The options for prompts, the negative prompt, a recorded image, and embeddings.</summary>
internal sealed class PromptOptions
{
    private readonly Option<string?> prompt = new("--prompt")
    {
        CompletionSources = { _ => EmbeddingFolder.Tokens(EmbeddingSet.Folder) },
        HelpName = "TEXT",
        Description =
            "What the image shows. <my-cat>, an embedding's file name or embedding:name calls an embedding. "
            + "(red:1.3) gives words more weight, or less below 1; [cat:dog:0.5] changes from cat to dog "
            + "halfway; [cat|dog] alternates between the two at each step; BREAK begins a new chunk of 75 tokens, "
            + "the most that a model reads at once.",
    };
    private readonly Option<string?> negative = new("--negative")
    {
        CompletionSources = { _ => EmbeddingFolder.Tokens(EmbeddingSet.Folder) },
        HelpName = "TEXT",
        Description =
            "What the image should not show. It has an effect only if --guidance is above 1. Default: nothing.",
    };
    private readonly PathListOption embeddings = new("--embedding")
    {
        HelpName = "FILE[=trigger][@strength]|DIR",
        Description =
            "An embedding file of any layout, or a folder of them; repeat the option for several. =trigger "
            + "gives it another name for the prompt. @strength goes from its initializer (0) to the trained vectors "
            + "(1, the default); above 1 it exaggerates. Default: the embeddings in embeddings/ and its sub-folders "
            + "that the prompt calls.",
    };
    private readonly Option<bool> allowUnknown = new("--allow-unknown")
    {
        Description =
            "Treat <...> and embedding:... as ordinary text if no such embedding is found. Default: an error.",
    };
    private readonly PathOption prompts = new("--prompts")
    {
        HelpName = "FILE",
        Description = "A text file with one prompt on each line, instead of --prompt. Each prompt gets --count images.",
    };
    private readonly PathOption from = new("--from")
    {
        HelpName = "IMAGE",
        Description =
            "Generate an image of ti or the WebUI again, from the settings that it contains. Other options override "
            + "these settings.",
    };

    public Option[] MostUsed => [prompt, negative, embeddings];

    public Option[] Advanced => [prompts, from, allowUnknown];

    /// <summary>Has a command require one source of prompts.</summary>
    public void Require(CommandBase command)
    {
        command.Checks.Add(result =>
            new Option[] { prompt, prompts, from }.All(option => result.GetResult(option) is null)
                ? ["Option '--prompt' is required, or --prompts or --from in its place."]
                : []
        );
        command.Checks.Add(result =>
            result.GetResult(prompt) is not null && result.GetResult(prompts) is not null
                ? ["Give --prompt or --prompts, not both."]
                : []
        );
    }

    /// <exception cref="TextualInversionException">
    /// A file that is named cannot be read, or holds no prompt or no settings.
    /// </exception>
    public PromptRequest Read(ParseResult parsed)
    {
        var recorded = parsed.GetValue(from) is { } image ? ImageMetadata.Read(image) : null;
        IReadOnlyList<string> texts = parsed.GetValue(prompts) is { } file
            ? PromptFile.Read(file)
            : [parsed.GetValue(prompt) ?? recorded!.Prompt];
        var request = new PromptRequest(texts, parsed.GetValue(negative) ?? recorded?.Negative, recorded);
        foreach (var text in texts)
        {
            if (recorded is null)
                Validate(text, prompt);
            else
                PromptText.Validate(text, recorded.Path);
        }

        Validate(request.Negative ?? "", negative);
        return request;
    }

    /// <summary>
    /// Loads the embeddings named, else those of the recorded image, else those in <c>embeddings/</c>; and those inside
    /// the files of LoRAs.
    /// </summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="request">The prompts.</param>
    /// <param name="loras">The LoRAs of <c>--lora</c>.</param>
    /// <param name="messages">Receives the problems with files of folders and of LoRAs.</param>
    /// <exception cref="TextualInversionException">A file cannot be read.</exception>
    public EmbeddingSet FindEmbeddings(
        ParseResult parsed,
        PromptRequest request,
        IReadOnlyList<Lora> loras,
        ConsoleLog messages
    )
    {
        var bundles = PromptLoras.OfAll(request.Texts, loras);
        var set = FindEmbeddings(parsed, request, messages);
        set.AddBundles(bundles, messages.Warn);
        return set;
    }

    private EmbeddingSet FindEmbeddings(ParseResult parsed, PromptRequest request, ConsoleLog messages) =>
        parsed.GetValue(embeddings) is { Length: > 0 } named
            ? EmbeddingSet.Load(named.Select(EmbeddingArgument.Parse), messages.Warn)
        : request.Recorded?.Embeddings is { } recorded
            ? EmbeddingSet.Load(recorded.Select(EmbeddingArgument.Parse), messages.Warn)
        : EmbeddingSet.Discover(EmbeddingSet.Folder, messages.Warn);

    /// <summary>Whether references to embeddings that are not found are taken as text.</summary>
    public bool AllowsUnknown(ParseResult parsed) => parsed.GetValue(allowUnknown);

    private static void Validate(string text, Option option)
    {
        try
        {
            PromptText.Validate(text, option.Name);
        }
        catch (TextualInversionException error)
        {
            throw new UsageException(error.Message, error);
        }
    }
}

/// <summary>The prompts of a command.</summary>
/// <param name="Texts">The prompts.</param>
/// <param name="Negative">The negative prompt, or null if none is given.</param>
/// <param name="Recorded">The settings of the image given with <c>--from</c>, or null.</param>
internal sealed record PromptRequest(IReadOnlyList<string> Texts, string? Negative, ImageMetadata? Recorded)
{
    /// <summary>The prompts and the negative.</summary>
    public IReadOnlyList<string> All => [.. Texts, Negative ?? ""];
}
