using System.CommandLine;
using TextualInversion.Cli.EmbeddingFiles;
using TextualInversion.Cli.Infrastructure;
using TextualInversion.Cli.Terminal;
using TextualInversion.Generation;

namespace TextualInversion.Cli.Generate.Options;

/// <summary>What to draw, in words: prompts, the negative, an image's own settings, and the embeddings that they name.</summary>
internal sealed class PromptOptions
{
    private readonly Option<string?> prompt = new("--prompt")
    {
        HelpName = "TEXT",
        Description =
            "What to draw; learned words stand in it as <my-cat>, weights as (red:1.3), and BREAK begins a new chunk of 75 tokens.",
    };
    private readonly Option<string?> negative = new("--negative")
    {
        HelpName = "TEXT",
        Description = "What not to draw. Default: nothing, as the model was trained for it.",
    };
    private readonly PathListOption embeddings = new("--embedding")
    {
        HelpName = "FILE[=trigger][@strength]|DIR",
        Description =
            "A learned word of any layout, under another trigger or at another strength than 1 if one is given (0 is the word that it started from), or a folder of them; may be repeated. Default: those in embeddings/ whose trigger the prompt holds.",
    };
    private readonly PathOption prompts = new("--prompts")
    {
        HelpName = "FILE",
        Description = "Prompts, one a line, in the place of --prompt.",
    };
    private readonly PathOption from = new("--from")
    {
        HelpName = "PICTURE",
        Description = "Repeats an image from the settings inside it; what else is given counts in their place.",
    };

    public Option[] MostUsed => [prompt, negative, embeddings];

    public Option[] More => [prompts, from];

    /// <summary>Has a command refuse to draw nothing, or two things.</summary>
    public void Require(Command command) =>
        command.Validators.Add(result =>
        {
            if (new Option[] { prompt, prompts, from }.All(option => result.GetResult(option) is null))
                result.AddError("Option '--prompt' is required, or --prompts or --from in its place.");
            if (result.GetResult(prompt) is not null && result.GetResult(prompts) is not null)
                result.AddError("Give --prompt or --prompts, not both.");
        });

    /// <exception cref="TextualInversionException">A file that is named cannot be read, or holds no prompt or no settings.</exception>
    public PromptRequest Read(ParseResult parsed)
    {
        var recorded = parsed.GetValue(from) is { } image ? ImageMetadata.Read(image) : null;
        IReadOnlyList<string> texts = parsed.GetValue(prompts) is { } file
            ? PromptFile.Read(file)
            : [parsed.GetValue(prompt) ?? recorded!.Prompt];
        return new PromptRequest(texts, parsed.GetValue(negative) ?? recorded?.Negative, recorded);
    }

    /// <summary>Those that are named, else those that painted the recorded image, else those in the usual folder that the prompts call.</summary>
    /// <exception cref="TextualInversionException">One cannot be read.</exception>
    public EmbeddingSet FindEmbeddings(ParseResult parsed, PromptRequest request, ConsoleLog messages)
    {
        if (parsed.GetValue(embeddings) is { Length: > 0 } named)
            return EmbeddingSet.Named(named.Select(EmbeddingArgument.Parse), request.All, messages.Warn);
        if (request.Recorded?.Embeddings is { } then)
            return EmbeddingSet.Named(then.Select(EmbeddingArgument.Parse));
        var shelf = EmbeddingSet.Searched(EmbeddingSet.Folder, request.All, messages.Warn, out var triggers);
        PromptWarnings.OfUnknownWords(request.All, shelf, triggers, messages);
        return shelf;
    }
}

/// <summary>What is to be drawn, in words.</summary>
/// <param name="Texts">the prompts</param>
/// <param name="Negative">what not to draw; null where nothing is said</param>
/// <param name="Recorded">the settings that count where nothing is said; null without <c>--from</c></param>
internal sealed record PromptRequest(IReadOnlyList<string> Texts, string? Negative, ImageMetadata? Recorded)
{
    /// <summary>The prompts and the negative.</summary>
    public IReadOnlyList<string> All => [.. Texts, Negative ?? ""];
}
