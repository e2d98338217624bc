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

/// <summary>The options of images while training. They decide nothing of what is learned.</summary>
internal sealed class SamplingOptions
{
    private readonly NumberOption<int> every = new("--sample-every")
    {
        HelpName = "N",
        Description =
            "Steps between images, runs/NAME/samples/step-000100-1.png, from before the first step on, always from the same noise; 0 for none. Default: 0.",
        DefaultValueFactory = _ => 0,
    };
    private readonly Option<string[]> prompts = new("--sample-prompt")
    {
        HelpName = "TEXT…",
        Description =
            "What is painted, {} or the token for the new word. Default: by --property, \"a photo of {}\" or \"a painting in the style of {}\".",
        AllowMultipleArgumentsPerToken = true,
    };
    private readonly NumberOption<int> count = new("--sample-count")
    {
        HelpName = "N",
        Description = "Images of each prompt. Default: 1.",
        DefaultValueFactory = _ => 1,
    };
    private readonly NumberOption<ulong> seed = new("--sample-seed")
    {
        HelpName = "N",
        Description = "Image i uses seed + i. Default: 0, so that the images of all runs start from the same noise.",
    };
    private readonly OptionalNumberOption<int> steps = new("--sample-steps")
    {
        HelpName = "N",
        Description = $"Steps of the sampler. Default: the model's recommendation, else {ModelDefaults.Steps}.",
    };
    private readonly OptionalNumberOption<double> guidance = new("--sample-guidance")
    {
        HelpName = "X",
        Description = "How strictly prompts are followed. Default: the model's recommendation, else 7.5.",
    };
    private readonly Option<string?> sampler = new("--sample-sampler")
    {
        HelpName = "NAME",
        Description = "As of ti generate. Default: the model's recommendation, else its own.",
    };

    public Option<string[]> Prompts => prompts;

    public Option[] All => [every, prompts, count, seed, steps, guidance, sampler];

    /// <summary>What is to be painted; null for nothing.</summary>
    /// <param name="parsed">what was typed</param>
    /// <param name="setup">of the training: the new word, what the images share, and their size</param>
    /// <param name="model">which may recommend something</param>
    /// <param name="messages">told of what is of no use</param>
    /// <exception cref="TextualInversionException">A number is out of its range, or there is no such sampler.</exception>
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
                $"{alone.Name}: nothing is painted without --sample-every; add it, such as --sample-every 50."
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
                $"--sample-prompt \"{text}\" holds neither {{}} nor {setup.Placeholder.Name}, so its images will all be alike."
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
