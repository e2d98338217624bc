using System.CommandLine;
using TextualInversion.Checkpoints;
using TextualInversion.Cli.Infrastructure;
using TextualInversion.Evaluation;
using TextualInversion.Generation;
using TextualInversion.Models;
using TextualInversion.Schedulers;

namespace TextualInversion.Cli.Eval;

/// <summary>The options of <c>ti eval</c> about the images to generate.</summary>
internal sealed class EvalImageOptions
{
    /// <summary>The number of images of each prompt in the paper.</summary>
    public const int PaperCount = 64;

    private const int StandardCount = 8;

    private readonly NumberOption<int> count = new("--count")
    {
        HelpName = "N",
        Minimum = 2,
        Maximum = 1000,
        Description =
            "The number of images of each prompt, 2 to 1000. Four times as many halve the standard error of the scores "
            + $"and take four times as long. Default: {StandardCount}; the paper uses {PaperCount}.",
        DefaultValueFactory = _ => StandardCount,
    };
    private readonly NumberOption<ulong> seed = new("--seed")
    {
        HelpName = "N",
        Description =
            "The seed of the first image; the next image uses N + 1, and so on. All prompts and embeddings start from "
            + "the same noise. Default: 0, so that images of earlier evaluations are reused.",
    };
    private readonly OptionalNumberOption<int> steps = new("--steps")
    {
        HelpName = "N",
        Description =
            "Sampler steps of each image, typically 20 to 50: more take longer and show more detail. Default: "
            + $"the model's recommendation, else {GenerationDefaults.DefaultSteps}.",
    };
    private readonly OptionalNumberOption<double> guidance = new("--guidance")
    {
        HelpName = "X",
        Description =
            "Guidance scale (CFG), typically 3 to 10: higher follows the prompts more closely; 1 disables "
            + "guidance. Default: the model's recommendation, else 7.5.",
    };
    private readonly TextOption sampler = new("--sampler")
    {
        CompletionSources = { SharedOptions.SamplerNames },
        HelpName = "NAME",
        Description =
            "The sampler, one of those that ti generate --help lists. Default: the model's recommendation, "
            + "else its own.",
    };

    public Option Count => count;

    public Option[] Others => [seed, steps, guidance, sampler];

    /// <param name="parsed">The command line.</param>
    /// <param name="input">What is compared.</param>
    /// <param name="files">The model's files.</param>
    /// <param name="scheduler">The model's noise schedule.</param>
    /// <param name="model">The model.</param>
    /// <exception cref="TextualInversionException">A value is out of its range, or a file cannot be read.</exception>
    public EvaluationOptions Read(
        ParseResult parsed,
        EvalInput input,
        IModelFiles files,
        SchedulerConfig scheduler,
        IDiffusionModel model
    )
    {
        var defaults = ModelDefaults.Read(files, scheduler, model.Resolution);
        var options = new EvaluationOptions
        {
            BarePrompt = EvaluationPrompts.Bare(input.Property),
            EditPrompts = input.EditPrompts(),
            Count = parsed.GetValue(count),
            Seed = parsed.GetValue(seed),
            Generation = defaults.Settings(
                SharedOptions.SamplerOf(parsed.GetValue(sampler), sampler),
                parsed.GetValue(steps),
                parsed.GetValue(guidance)
            ),
        };
        options.Validate();
        return options;
    }
}
