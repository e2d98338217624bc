using System.Text.Json;
using System.Text.RegularExpressions;
using TextualInversion.Cli.Infrastructure;
using TextualInversion.Cli.Runs;
using TextualInversion.Training;

namespace TextualInversion.Cli.Report;

/// <summary>The settings of a run as people read them.</summary>
internal static partial class RunSettings
{
    private const string Nothing = "–";

    /// <summary>All of them, by name.</summary>
    public static IReadOnlyDictionary<string, string> All(RunRecord record)
    {
        var settings = new Dictionary<string, string>
        {
            ["token"] = record.Result.Placeholder,
            ["model"] = record.Result.Model,
            ["initializer"] = Start(record),
            ["precision"] = record.Precision,
            ["gradient checkpointing"] = record.GradientCheckpointing ? "on" : "off",
            ["device"] = record.Device,
        };
        foreach (var (name, value) in record.Options)
            settings[Words(name)] = Text(value);
        return settings;
    }

    /// <summary>The names of the options whose values are not the defaults. What has no default of its own, such as the seed, is none of them.</summary>
    public static IReadOnlyList<string> Changed(RunRecord record)
    {
        var standard = JsonOutput.ToElement(new TrainOptions());
        return
        [
            .. from option in record.Options
            where option.Key != "seed"
            let known = standard.TryGetProperty(option.Key, out var value) ? Text(value) : null
            where known is not Nothing && known != Text(option.Value)
            select Words(option.Key),
        ];
    }

    /// <summary>What the rows started from.</summary>
    public static string Start(RunRecord record) => record.Initializer.File ?? record.Initializer.Phrase ?? Nothing;

    /// <summary>How a run ended, in a word or two.</summary>
    public static string Ended(TrainingEnd end) =>
        end switch
        {
            TrainingEnd.Completed => "all steps",
            TrainingEnd.StoppedEarly => "no longer improving",
            TrainingEnd.Cancelled => "cancelled",
            TrainingEnd.Diverged => "not finite",
            TrainingEnd.WithoutGradient => "without gradient",
            _ => throw new ArgumentOutOfRangeException(nameof(end)),
        };

    /// <summary>Of <c>learningRate</c>: learning rate.</summary>
    private static string Words(string name) => Capital().Replace(name, match => " " + match.Value.ToLowerInvariant());

    private static string Text(JsonElement value) =>
        value.ValueKind switch
        {
            JsonValueKind.Null or JsonValueKind.Undefined => Nothing,
            JsonValueKind.True => "yes",
            JsonValueKind.False => "no",
            _ => value.ToString(),
        };

    [GeneratedRegex("(?<=[a-z])[A-Z0-9]")]
    private static partial Regex Capital();
}
