using System.CommandLine;
using TextualInversion.Cli.Infrastructure;
using TextualInversion.Cli.ModelAccess;
using TextualInversion.Cli.Train;
using TextualInversion.Data;
using TextualInversion.Models.Tokenizers;

namespace TextualInversion.Cli.Translate;

/// <summary>The options of <c>ti translate</c> for steps on images after the translation.</summary>
internal sealed class StepOptions
{
    private const int StandardSteps = 100;

    private static readonly TrainOptions Standard = new();

    private readonly PathListOption images = new("--images")
    {
        HelpName = "PATH…",
        Description =
            "Training images, files or folders: after the translation, the new model trains the vectors on them for a "
            + "few steps, as ti train does, and the best are written. Then all of the new model is read. Default: "
            + "none, only the translation.",
        AllowMultipleArgumentsPerToken = true,
    };
    private readonly NumberOption<int> steps = new("--steps")
    {
        HelpName = "N",
        Minimum = 1,
        Description =
            "Maximum number of optimizer steps on --images, at least 1; it ends sooner if the vectors no longer "
            + $"improve. Default: {StandardSteps}.",
        DefaultValueFactory = _ => StandardSteps,
    };
    private readonly NumberOption<int> batch = new("--batch")
    {
        HelpName = "N",
        Minimum = 1,
        Description = $"Batch size: images per forward pass, at least 1. Default: {Standard.BatchSize}.",
        DefaultValueFactory = _ => Standard.BatchSize,
    };
    private readonly ChoiceOption<LearnedProperty> property = new("--property")
    {
        Description =
            "What the images share: an object or a style. Selects the built-in prompt templates. Default: object.",
    };

    public Option<string[]> Images => images;

    public Option[] All => [images, steps, batch, property];

    /// <summary>The option that sets a property of the library's options, or null if it is not one of these.</summary>
    public string? NameOf(string property) => property == nameof(TrainOptions.BatchSize) ? batch.Name : null;

    /// <summary>Looks at the options and at the images.</summary>
    /// <param name="parsed">The arguments.</param>
    /// <returns>Whether the vectors are trained.</returns>
    /// <exception cref="UsageException">There are steps and no images.</exception>
    /// <exception cref="TextualInversionException">An image is missing or cannot be read.</exception>
    public bool Check(ParseResult parsed)
    {
        if (parsed.IsGiven(images))
        {
            foreach (var path in ImageFiles.Find(parsed.GetValue(images)!).Images)
                _ = ImageDecoder.Decode(path); // one after another, since they may be large
            return true;
        }

        var alone = new Option[] { steps, batch, property }.FirstOrDefault(parsed.IsGiven);
        return alone is null
            ? false
            : throw new UsageException(
                $"{alone.Name}: is for steps on images after the translation; name them with {images.Name}."
            );
    }

    /// <summary>The training. All that has no option is as in <c>ti train</c>; the seed is 0.</summary>
    /// <param name="parsed">The arguments.</param>
    /// <param name="placeholder">The token of the new embedding.</param>
    /// <param name="model">The new model.</param>
    /// <param name="start">The translated vectors.</param>
    /// <exception cref="TextualInversionException">A number is out of its range.</exception>
    public TrainRequest Read(ParseResult parsed, Placeholder placeholder, ModelRequest model, GivenRows start)
    {
        var options = Standard with
        {
            Initializer = start.File,
            Vectors = placeholder.Vectors,
            Steps = parsed.GetValue(steps),
            BatchSize = parsed.GetValue(batch),
            Property = parsed.ValueOr(property, Standard.Property),
        };
        options.Validate();
        return new TrainRequest
        {
            Placeholder = placeholder,
            Images = parsed.GetValue(images)!,
            Options = options,
            Seeds = 1,
            Model = model,
            Device = "auto",
            Precision = Precision.Auto,
            Given = start,
        };
    }
}
