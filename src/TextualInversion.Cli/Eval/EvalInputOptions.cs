using System.CommandLine;
using TextualInversion.Cli.Infrastructure;
using TextualInversion.Cli.ModelAccess;
using TextualInversion.Cli.Runs;
using TextualInversion.Data;
using TextualInversion.Evaluation;

namespace TextualInversion.Cli.Eval;

/// <summary>The options of <c>ti eval</c> for the embeddings, the training images and the prompts.</summary>
internal sealed class EvalInputOptions
{
    private readonly OptionalChoiceOption<LearnedProperty> property = new("--property")
    {
        Description = "Selects the built-in prompts. Default: that of the run, else object.",
    };
    private readonly PathOption prompts = new("--prompts")
    {
        HelpName = "FILE",
        Description =
            "File with your own edit prompts, one per line; {} marks the placeholder token. "
            + "Default: two places and two media; for a style, four subjects.",
    };
    private readonly TextOption initializer = new("--initializer")
    {
        HelpName = "TEXT",
        Description = "The ordinary word to compare with. Default: the word that the embedding records.",
    };

    public PathListOption Embeddings { get; } =
        new("--embedding")
        {
            HelpName = "FILE…",
            Description = "The embeddings to compare.",
            AllowMultipleArgumentsPerToken = true,
        };

    public PathOption Run { get; } =
        new("--run")
        {
            HelpName = "RUN",
            Description = "The folder of a run, such as runs/my-cat. Compares all its checkpoints and the final file.",
        };

    public PathListOption Images { get; } =
        new("--images")
        {
            HelpName = "PATH…",
            Description = "The training images, as folders or files. Default: those of the run.",
            AllowMultipleArgumentsPerToken = true,
        };

    public PathListOption References { get; } =
        new("--reference-images")
        {
            HelpName = "PATH…",
            Description =
                "Images to measure image similarity by, as folders or files: others of the same thing, which were held "
                + "out of training. Default: the training images.",
            AllowMultipleArgumentsPerToken = true,
        };

    public Option[] All => [Embeddings, Run, Images, References, initializer, property, prompts];

    /// <exception cref="TextualInversionException">
    /// Something is missing, or the run's folder cannot be read.
    /// </exception>
    public EvalInput Read(ParseResult parsed)
    {
        var folder = parsed.GetValue(Run);
        var run = folder is null ? null : RunArtifacts.Read(folder);
        var embeddings = (run?.Embeddings ?? []).Concat(parsed.GetValue(Embeddings) ?? []).Distinct().ToList();
        if (embeddings.Count == 0)
            throw new TextualInversionException("Nothing to score: name files with --embedding, or a run with --run.");
        IReadOnlyList<string>? named = parsed.GetValue(Images) is { Length: > 0 } typed ? typed : null;
        var images = named ?? run?.Images.Select(image => image.Path).ToList();
        return new EvalInput
        {
            Warnings = named is null && run is not null ? [.. run.ChangedImages()] : [],
            Embeddings = embeddings,
            Run = folder,
            RunLoras = run?.Loras ?? [],
            References = parsed.GetValue(References) is { Length: > 0 } held ? held : null,
            Images =
                images
                ?? throw new UsageException(
                    "--images: name the training images; only a run, given with --run, records them."
                ),
            Initializer = parsed.GetValue(initializer),
            Property = parsed.GetValue(property) ?? run?.Property ?? LearnedProperty.Object,
            Prompts = parsed.GetValue(prompts),
        };
    }
}

/// <summary>The embeddings to compare, the training images and the prompts.</summary>
internal sealed record EvalInput
{
    /// <summary>The paths of the embeddings, as given or as the run records them.</summary>
    public required IReadOnlyList<string> Embeddings { get; init; }

    /// <summary>The run's folder, or null if only files are compared.</summary>
    public required string? Run { get; init; }

    /// <summary>The LoRAs that the run was trained with.</summary>
    public required IReadOnlyList<Lora> RunLoras { get; init; }

    /// <summary>The training images, as folders or files.</summary>
    public required IReadOnlyList<string> Images { get; init; }

    /// <summary>The images to compare with, or null for the training images.</summary>
    public required IReadOnlyList<string>? References { get; init; }

    /// <summary>What is no longer as the run left it.</summary>
    public required IReadOnlyList<string> Warnings { get; init; }

    /// <summary>The word to compare with, or null for the one that the embeddings record.</summary>
    public required string? Initializer { get; init; }

    public required LearnedProperty Property { get; init; }

    /// <summary>A file of edit prompts, or null for the built-in ones.</summary>
    public required string? Prompts { get; init; }

    /// <summary>Refuses to score a run on another model than it was trained on.</summary>
    /// <param name="used">The LoRAs in use.</param>
    /// <exception cref="TextualInversionException">A LoRA of the run is not in use.</exception>
    public void RequireLoras(IReadOnlyList<Lora> used)
    {
        if (LoraArgument.OptionsForMissing(RunLoras, used) is { } options)
            throw new TextualInversionException(
                $"{Run}: was trained together with {(RunLoras.Count == 1 ? "a LoRA" : "LoRAs")}; without, the "
                    + $"scores would be those of another model. Add {options}. To score without, name the files with "
                    + "--embedding in place of --run, and their images with --images."
            );
    }

    /// <summary>The edit prompts.</summary>
    /// <exception cref="TextualInversionException">The file cannot be read, or a line has no <c>{}</c>.</exception>
    public IReadOnlyList<string> EditPrompts() =>
        Prompts is null ? EvaluationPrompts.Edits(Property) : PromptTemplates.Read(Prompts);
}
