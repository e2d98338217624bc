using System.Globalization;
using System.Text.Json;
using TextualInversion.Cli.ModelAccess;
using TextualInversion.IO;
using TextualInversion.Training;
using TextualInversion.Training.Initializers;

namespace TextualInversion.Cli.Train;

/// <summary>
/// Everything that determines the result of a run, by name, for <see cref="TrainState.RequireSame"/>, except the
/// model's weights, which the trainer itself compares.
/// </summary>
internal static class TrainIdentity
{
    /// <summary>The name of the number of steps, which alone may differ when a run is extended.</summary>
    public const string Steps = OptionPrefix + nameof(TrainOptions.Steps);

    private const string OptionPrefix = "option ";

    public static IReadOnlyDictionary<string, string> Of(TrainSetup setup)
    {
        var identity = new Dictionary<string, string>
        {
            ["token"] = setup.Names,
            ["initializer"] = string.Join(", ", setup.Words.Select(word => Initializer(word.Start))),
            ["precision"] = setup.Precision.ToString(),
            ["templates (SHA-256)"] = Sha256.OfText(string.Join('\n', setup.Plan.Templates)),
        };
        foreach (var (name, value) in Of(setup.Options))
            identity[name] = value;
        foreach (var (placeholder, _, rate) in setup.Words.Count == 1 ? [] : setup.Words)
            identity[$"vectors and learning rate of {placeholder.Name}"] = string.Create(
                CultureInfo.InvariantCulture,
                $"{placeholder.Vectors}, {rate}"
            );
        AddImages(setup, identity);
        foreach (var (lora, sha256) in setup.Loras)
            identity[$"LoRA {LoraArgument.Format(lora)} (SHA-256)"] = sha256;
        return identity;
    }

    /// <summary>The options' part.</summary>
    public static Dictionary<string, string> Of(TrainOptions options) =>
        JsonSerializer
            .SerializeToElement(options)
            .EnumerateObject()
            .ToDictionary(option => OptionPrefix + option.Name, option => option.Value.ToString());

    private static string Initializer(InitialEmbedding start) =>
        start.File is null ? start.Words.Phrase : $"{start.File} (SHA-256 {start.FileSha256})";

    private static void AddImages(TrainSetup setup, Dictionary<string, string> identity)
    {
        foreach (var (image, prompt) in setup.Images.Zip(setup.Prompts.Descriptions(setup.Placeholder)))
        {
            identity[$"{image.Path} (SHA-256)"] = image.Sha256;
            if (image.Repeats > 1)
                identity[$"repeats of {image.Path}"] = image.Repeats.ToString(CultureInfo.InvariantCulture);
            if (image.Mask?.Path is { } mask)
                identity[$"{mask} (SHA-256)"] = image.Mask.Sha256!;
            if (prompt is not null)
                identity[$"the description of {image.Path}"] = $"\"{prompt}\"";
        }
    }
}
