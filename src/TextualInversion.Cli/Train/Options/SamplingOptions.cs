using System.CommandLine;
using TextualInversion.Cli.EmbeddingFiles;
using TextualInversion.Cli.Infrastructure;
using TextualInversion.Cli.Terminal;
using TextualInversion.Cli.Train.Listeners;
using TextualInversion.Data;
using TextualInversion.Evaluation;
using TextualInversion.Generation;

namespace TextualInversion.Cli.Train.Options;

/// <summary>The options of images during training. They do not change what is learned.</summary>
internal sealed class SamplingOptions
{
    private readonly NumberOption<int> every = new("--sample-every")
    {
        HelpName = "N",
        Minimum = 0,
        Description =
            "Generate images every N steps, to watch what is learned: runs/NAME/samples/step-000100-1.png. Each image "
            + "takes as long as one of ti generate; the training itself stays the same. 0 disables. Default: 0.",
        DefaultValueFactory = _ => 0,
    };
    private readonly Option<string[]> prompts = new("--sample-prompt")
    {
        CompletionSources = { _ => EmbeddingFolder.Tokens(EmbeddingSet.Folder) },
        HelpName = "TEXT…",
        Description =
            "The prompts of these images. {} or the token itself marks the placeholder token. Default: \"a photo of "
            + "{}\", or for --property style \"a painting in the style of {}\".",
        AllowMultipleArgumentsPerToken = true,
    };
    private readonly NumberOption<int> count = new("--sample-count")
    {
        HelpName = "N",
        Minimum = 1,
        Maximum = 100,
        Description = "The number of images of each prompt, 1 to 100. Default: 1.",
        DefaultValueFactory = _ => 1,
    };
    private readonly NumberOption<ulong> seed = new("--sample-seed")
    {
        HelpName = "N",
        Description =
            "The seed of the first image's noise; the next image uses N + 1, and so on. The noise is the same at every "
            + "step, so images differ only by what was learned. Default: 0.",
    };
    private readonly OptionalNumberOption<int> steps = new("--sample-steps")
    {
        HelpName = "N",
        Description =
            "Sampler steps of each image, typically 20 to 50: more take longer and show more detail. "
            + $"Default: the model's recommendation, else {GenerationDefaults.DefaultSteps}.",
    };
    private readonly OptionalNumberOption<double> guidance = new("--sample-guidance")
    {
        HelpName = "X",
        Description =
            "Guidance scale (CFG) of these images, typically 3 to 10: higher follows the prompt more closely, with "
            + "harder contrast. Default: the model's recommendation, else 7.5.",
    };
    private readonly Option<string?> sampler = new("--sample-sampler")
    {
        CompletionSources = { SharedOptions.SamplerNames },
        HelpName = "NAME",
        Description =
            "Sampler of these images, one of those that ti generate --help lists. Default: the model's recommendation, "
            + "else its own.",
    };

    public Option<string[]> Prompts => prompts;

    public Option[] All => [every, prompts, count, seed, steps, guidance, sampler];

    /// <summary>Whether images are generated.</summary>
    public bool IsOn(ParseResult parsed) => parsed.GetValue(every) > 0;

    /// <summary>The images to generate, or null for none.</summary>
    /// <param name="parsed">The parsed command line.</param>
    /// <param name="setup">What is trained.</param>
    /// <param name="model">The model, which may recommend values.</param>
    /// <param name="messages">Receives warnings.</param>
    /// <exception cref="UsageException">A number is out of its range, or an option has no effect.</exception>
    /// <exception cref="TextualInversionException">There is no such sampler.</exception>
    public SamplePlan? Read(ParseResult parsed, TrainSetup setup, TrainModel model, ConsoleLog messages)
    {
        var interval = parsed.GetValue(every);
        if (interval == 0)
        {
            RefuseUnused(parsed);
            return null;
        }

        var settings = ReadSettings(parsed, setup, model);
        var jobs =
            from text in ReadPrompts(parsed, setup, messages)
            from number in Enumerable.Range(0, parsed.GetValue(count))
            select (settings with { Prompt = text }, parsed.GetValue(seed) + (ulong)number);
        return new SamplePlan(interval, [.. jobs]);
    }

    private void RefuseUnused(ParseResult parsed)
    {
        var unused = All.FirstOrDefault(option => option != every && parsed.IsGiven(option));
        if (unused is not null)
            throw new UsageException(
                $"{unused.Name}: no images are generated without {every.Name}; add it, such as {every.Name} 50."
            );
    }

    private List<string> ReadPrompts(ParseResult parsed, TrainSetup setup, ConsoleLog messages)
    {
        var token = setup.Placeholder.Name;
        var templates = parsed.GetValue(prompts) is { Length: > 0 } typed
            ? typed
            : [EvaluationPrompts.Bare(setup.Options.Property)];
        var texts = templates.Select(template => PromptTemplates.Format(template, token)).ToList();
        foreach (var text in texts.Where(text => !text.Contains(token, StringComparison.OrdinalIgnoreCase)))
            messages.Warn(
                $"{prompts.Name} \"{text}\" holds neither {{}} nor {token}, so its images will all be alike."
            );
        return texts;
    }

    /// <summary>The settings of all images, of the size that is trained on, so that memory suffices.</summary>
    private GenerationSettings ReadSettings(ParseResult parsed, TrainSetup setup, TrainModel model)
    {
        var defaults = ModelDefaults.Read(model.Files, model.Noise.Config, setup.Options.Resolution!.Value);
        var kind = SharedOptions.SamplerOf(parsed.GetValue(sampler), sampler);
        try
        {
            var settings = defaults.Settings(kind, parsed.GetValue(steps), parsed.GetValue(guidance));
            settings.Validate(defaults.Scheduler);
            return settings;
        }
        catch (TextualInversionException error) when (error.Parameter is { } property)
        {
            // A training has options of the same names without the prefix.
            throw new UsageException($"--sample-{property.ToLowerInvariant()} {error.Problem}", error);
        }
    }
}
