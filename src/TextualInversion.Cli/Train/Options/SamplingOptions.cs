using System.CommandLine;
using TextualInversion.Cli.Infrastructure;
using TextualInversion.Cli.ModelAccess;
using TextualInversion.Cli.Terminal;
using TextualInversion.Cli.Train.Listeners;
using TextualInversion.Data;
using TextualInversion.Evaluation;
using TextualInversion.Generation;
using TextualInversion.Schedulers;

namespace TextualInversion.Cli.Train.Options;

/// <summary>The options of images during training. They do not change what is learned.</summary>
internal sealed class SamplingOptions
{
    private readonly NumberOption<int> every = new("--sample-every")
    {
        HelpName = "N",
        Description =
            "Generate images every N steps, runs/NAME/samples/step-000100-1.png, always from the same noise; 0 "
            + "disables. Default: 0.",
        DefaultValueFactory = _ => 0,
    };
    private readonly Option<string[]> prompts = new("--sample-prompt")
    {
        HelpName = "TEXT…",
        Description =
            "Prompts to generate; {} or the token marks the placeholder. Default: by --property, \"a photo of "
            + "{}\" or \"a painting in the style of {}\".",
        AllowMultipleArgumentsPerToken = true,
    };
    private readonly NumberOption<int> count = new("--sample-count")
    {
        HelpName = "N",
        Description = "Images per prompt. Default: 1.",
        DefaultValueFactory = _ => 1,
    };
    private readonly NumberOption<ulong> seed = new("--sample-seed")
    {
        HelpName = "N",
        Description = "Image i uses seed + i. Default: 0, so images of all runs start from the same noise.",
    };
    private readonly OptionalNumberOption<int> steps = new("--sample-steps")
    {
        HelpName = "N",
        Description =
            $"Sampler steps; more take longer. Default: the model's recommendation, else {ModelDefaults.Steps}.",
    };
    private readonly OptionalNumberOption<double> guidance = new("--sample-guidance")
    {
        HelpName = "X",
        Description = "Guidance scale (CFG). Default: the model's recommendation, else 7.5.",
    };
    private readonly Option<string?> sampler = new("--sample-sampler")
    {
        HelpName = "NAME",
        Description = "As of ti generate. Default: the model's recommendation, else its own.",
    };

    public Option<string[]> Prompts => prompts;

    public Option[] All => [every, prompts, count, seed, steps, guidance, sampler];

    /// <summary>The images to generate, or null for none.</summary>
    /// <param name="parsed">The parsed command line.</param>
    /// <param name="setup">What is trained.</param>
    /// <param name="model">The model, which may recommend values.</param>
    /// <param name="messages">Receives warnings.</param>
    /// <exception cref="TextualInversionException">A number is out of its range, or there is no such
    /// sampler.</exception>
    public SamplePlan? Read(ParseResult parsed, TrainSetup setup, TrainModel model, ConsoleLog messages)
    {
        var (interval, images) = (parsed.GetValue(every), parsed.GetValue(count));
        if (interval < 0)
            throw new TextualInversionException($"--sample-every {interval}: choose 0 or more steps.");
        if (images is < 1 or > 100)
            throw new TextualInversionException($"--sample-count {images}: choose a number from 1 to 100.");
        if (
            interval == 0
            && All.Skip(1).FirstOrDefault(option => parsed.GetResult(option) is { Implicit: false }) is { } alone
        )
            throw new TextualInversionException(
                $"{alone.Name}: no images are generated without --sample-every; add it, such as --sample-every 50."
            );
        if (interval == 0)
            return null;
        var wishes = new ModelDefaults(
            GenerationDefaults.Read(model.Files),
            model.Noise.Config,
            setup.Options.Resolution!.Value
        ); // no larger than what is learned from, nor is the memory
        var templates = parsed.GetValue(prompts) is { Length: > 0 } typed
            ? typed
            : [EvaluationPrompts.Bare(setup.Options.Property)];
        var texts = templates.Select(template => PromptTemplates.Format(template, setup.Placeholder.Name)).ToList();
        foreach (
            var text in texts.Where(text => !text.Contains(setup.Placeholder.Name, StringComparison.OrdinalIgnoreCase))
        )
            messages.Warn(
                $"--sample-prompt \"{text}\" holds neither {{}} nor {setup.Placeholder.Name}, so its images "
                    + $"will all be alike."
            );
        var shared = new GenerationSettings
        {
            Prompt = "",
            Sampler = wishes.ChooseSampler(parsed.GetValue(sampler)),
            Steps = parsed.GetValue(steps) ?? wishes.Defaults.NumInferenceSteps ?? ModelDefaults.Steps,
            Guidance = parsed.GetValue(guidance) ?? wishes.Defaults.GuidanceScale ?? ModelDefaults.Guidance,
            Width = wishes.Resolution,
            Height = wishes.Resolution,
        };
        shared.Validate("--sample-");
        Samplers.Create(shared.Sampler, wishes.Scheduler, shared.Steps, shared.Eta).Dispose();
        var jobs =
            from text in texts
            from number in Enumerable.Range(0, images)
            select (shared with { Prompt = text }, parsed.GetValue(seed) + (ulong)number);
        return new SamplePlan(interval, [.. jobs]);
    }
}
