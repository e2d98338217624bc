using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using TextualInversion.Cli.Infrastructure;
using TextualInversion.Cli.Runs;

namespace TextualInversion.Cli.Report;

/// <summary>The settings of a run as text.</summary>
internal static partial class RunSettings
{
    private const string Nothing = "–";

    /// <summary>All settings by name.</summary>
    public static IReadOnlyDictionary<string, string> All(RunRecord record)
    {
        var settings = new Dictionary<string, string>
        {
            ["token"] = record.Result.Placeholders,
            ["model"] = record.Result.Model,
            ["initializer"] = Initializer(record),
            ["precision"] = record.Precision,
            ["gradient checkpointing"] = record.GradientCheckpointing ? "on" : "off",
            ["device"] = record.Device,
        };
        foreach (var (name, value) in record.Options)
            settings[Words(name)] = Text(value);
        foreach (var word in record.Result.Words ?? [])
            settings[word.Placeholder] = string.Create(
                CultureInfo.InvariantCulture,
                $"{Plural.Of(word.Vectors, "vector")} from {Initializer(word.Initializer)}, learning rate "
                    + $"{word.LearningRate}"
            );
        return settings;
    }

    /// <summary>
    /// The names of the options that differ from the defaults. The seed and the resolution, which every run has of its
    /// own, are left out.
    /// </summary>
    public static IReadOnlyList<string> Changed(RunRecord record)
    {
        var defaults = JsonOutput.ToElement(new TrainOptions());
        bool IsChanged(KeyValuePair<string, JsonElement> option)
        {
            var known = defaults.TryGetProperty(option.Key, out var value) ? Text(value) : null;
            return option.Key is not ("seed" or "resolution") && known != Text(option.Value);
        }

        return [.. record.Options.Where(IsChanged).Select(option => Words(option.Key))];
    }

    /// <summary>The words or the file that the vectors started from.</summary>
    public static string Initializer(RunRecord record) =>
        record.Result.Words is { } words
            ? string.Join(", ", words.Select(word => Initializer(word.Initializer)))
            : Initializer(record.Initializer);

    private static string Initializer(RunInitializer start) => start.File ?? start.Phrase ?? Nothing;

    /// <summary>Why a run ended, in a word or two.</summary>
    public static string Ended(TrainingEnd end) =>
        end switch
        {
            TrainingEnd.Completed => "all steps",
            TrainingEnd.StoppedEarly => "no improvement",
            TrainingEnd.Cancelled => "canceled",
            TrainingEnd.Diverged => "diverged",
            TrainingEnd.WithoutGradient => "no gradient",
            _ => throw new ArgumentOutOfRangeException(nameof(end)),
        };

    /// <summary><c>learningRate</c> becomes "learning rate".</summary>
    private static string Words(string name) => Capital().Replace(name, match => " " + match.Value.ToLowerInvariant());

    private static string Text(JsonElement value) =>
        value.ValueKind switch
        {
            JsonValueKind.Null or JsonValueKind.Undefined => Nothing,
            JsonValueKind.True => "yes",
            JsonValueKind.False => "no",
            JsonValueKind.Number => Numbers.Plain(value.GetRawText()),
            _ => value.ToString(),
        };

    [GeneratedRegex("(?<=[a-z])[A-Z0-9]")]
    private static partial Regex Capital();
}
