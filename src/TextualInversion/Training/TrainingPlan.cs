using TextualInversion.Data;
using TextualInversion.Models.Tokenizers;
using TextualInversion.Training.Data;

namespace TextualInversion.Training;

/// <summary>
/// Images, options and prompts that fit each other: what a training needs in addition to the model and the initial
/// rows.
/// </summary>
/// <param name="Options">With the resolution set, and without flips if captions or templates speak against
/// them.</param>
/// <param name="Images">At the resolution of the training.</param>
/// <param name="Templates">Prompt templates, with <c>{}</c> for the placeholder token.</param>
/// <param name="Prompts">The prompts of the images.</param>
/// <param name="ReasonNotToFlip">Why flips were turned off, or null if they were not.</param>
/// <param name="Warnings">What is not done as the options say.</param>
internal sealed record TrainingPlan(
    TrainOptions Options,
    IReadOnlyList<TrainingImage> Images,
    IReadOnlyList<string> Templates,
    PromptSource Prompts,
    string? ReasonNotToFlip,
    IReadOnlyList<string> Warnings
)
{
    private const string NoTags = "no image has a caption that is used, so there are no tags to shuffle, drop or keep";

    /// <param name="options">With the resolution set.</param>
    /// <param name="images">At that resolution.</param>
    /// <param name="placeholder">The placeholder token.</param>
    /// <param name="phrase">The words that training starts from.</param>
    /// <exception cref="TextualInversionException">There are too few images to hold one out.</exception>
    public static TrainingPlan Create(
        TrainOptions options,
        IReadOnlyList<TrainingImage> images,
        Placeholder placeholder,
        string phrase
    )
    {
        if (options.HoldOut)
            HeldOutImage.Require(images);
        var templates = options.Templates ?? PromptTemplates.For(options.Property);
        var reason = options is { Flip: true, ForceFlip: false }
            ? FlipPolicy.ReasonToDisable(options, images, templates, phrase)
            : null;
        if (reason is not null)
            options = options with { Flip = false };
        var prompts = new PromptSource(images, templates, phrase, options);
        var hasNoTags = VariesTags(options) && prompts.Descriptions(placeholder).All(prompt => prompt is null);
        return new TrainingPlan(options, images, templates, prompts, reason, hasNoTags ? [NoTags] : []);
    }

    /// <summary>The same plan with another seed.</summary>
    public TrainingPlan WithSeed(ulong seed) => this with { Options = Options with { Seed = seed } };

    /// <summary>The same plan for a training that starts from other words.</summary>
    public TrainingPlan WithInitializer(string phrase) =>
        this with
        {
            Prompts = new PromptSource(Images, Templates, phrase, Options),
        };

    private static bool VariesTags(TrainOptions options) =>
        options.ShuffleTags || options.DropTags > 0 || options.KeepTags > 0;
}
