using TextualInversion.Data;
using TextualInversion.Models.Tokenizers;
using TextualInversion.Training.Data;
using TextualInversion.Training.Initializers;

namespace TextualInversion.Training;

/// <summary>
/// Options, images and prompts that fit each other and the model: everything a run needs in addition to the model and
/// the initial vectors.
/// </summary>
/// <param name="Options">
/// The options, with the resolution set, and without flips if captions or templates mention left, right or text.
/// </param>
/// <param name="Images">The training images at the resolution of training.</param>
/// <param name="Templates">Prompt templates, with <c>{}</c> for the placeholder token.</param>
/// <param name="Prompts">The prompts of the images.</param>
/// <param name="ReasonNotToFlip">Why flips were turned off, or null if they were not.</param>
/// <param name="Warnings">Options that have no effect, and why.</param>
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

    /// <param name="options">The options, with the resolution set.</param>
    /// <param name="images">The training images at that resolution.</param>
    /// <param name="placeholder">The placeholder token.</param>
    /// <param name="phrase">The initializer: the words that training starts from.</param>
    /// <param name="trainTimesteps">The model's number of timesteps.</param>
    /// <param name="together">The placeholder tokens of words that are learned together, or null for one.</param>
    /// <exception cref="TextualInversionException">
    /// There are too few images to hold one out, the model does not have the options' timesteps, or captions do not fit
    /// words that are learned together.
    /// </exception>
    public static TrainingPlan Create(
        TrainOptions options,
        IReadOnlyList<TrainingImage> images,
        Placeholder placeholder,
        string phrase,
        int trainTimesteps,
        IReadOnlyList<Placeholder>? together = null
    )
    {
        options = options with { Vectors = options.VectorCount };
        options.RequireTimesteps(trainTimesteps);
        if (options.HoldOut)
            HeldOutImage.Require(images);
        if (together is not null)
            SharedCaptions.Require(images, together, options);
        var templates = options.Templates ?? PromptTemplates.For(options.Property);
        var reason = options is { Flip: true, ForceFlip: false }
            ? FlipPolicy.ReasonToDisable(options, images, templates, phrase)
            : null;
        if (reason is not null)
            options = options with { Flip = false };
        var prompts = new PromptSource(images, templates, phrase, options, together);
        var hasNoTags = VariesTags(options) && prompts.Descriptions(placeholder).All(prompt => prompt is null);
        return new TrainingPlan(options, images, templates, prompts, reason, hasNoTags ? [NoTags] : []);
    }

    /// <summary>The same plan with another seed.</summary>
    public TrainingPlan WithSeed(ulong seed) => this with { Options = Options with { Seed = seed } };

    /// <summary>The same plan with another initializer, which decides the number of vectors.</summary>
    public TrainingPlan WithInitializer(InitialEmbedding start)
    {
        var options = Options with { Vectors = start.Vectors };
        var prompts = new PromptSource(Images, Templates, start.Words.Phrase, options);
        return this with
        {
            Options = options,
            Prompts = start.Found?.Shown is { } shown ? prompts.WithShownWords(shown) : prompts,
        };
    }

    private static bool VariesTags(TrainOptions options) =>
        options.ShuffleTags || options.DropTags > 0 || options.KeepTags > 0;
}
