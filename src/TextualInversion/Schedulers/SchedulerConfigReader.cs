using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using TextualInversion.IO;

namespace TextualInversion.Schedulers;

/// <summary>
/// Reads <see cref="SchedulerConfig"/> from JSON. Errors name the file, the key, the value and what is allowed.
/// </summary>
internal sealed partial class SchedulerConfigReader
{
    private const int MostTimesteps = 10_000, // published models have 1000
        MostSolverOrder = 10;

    private const double MostScale = 1e6;

    private readonly string path;
    private readonly Dictionary<string, JsonElement> values;

    private SchedulerConfigReader(string path, JsonElement root)
    {
        this.path = path;
        if (root.ValueKind != JsonValueKind.Object)
            throw new TextualInversionException($"{path}: is not a JSON object.");
        values = root.EnumerateObject()
            .Where(property => property.Value.ValueKind != JsonValueKind.Null)
            .GroupBy(property => property.Name)
            .ToDictionary(group => group.Key, group => group.Last().Value);
    }

    public static SchedulerConfig Read(string json, string path)
    {
        try
        {
            using var document = JsonText.Parse(BareFloatLiteral().Replace(json, "$1\"$2\""));
            return new SchedulerConfigReader(path, document.RootElement).ToConfig();
        }
        catch (JsonException error)
        {
            throw new TextualInversionException($"{path}: is not JSON: {error.Message}", error);
        }
    }

    // Python writes lambda_min_clipped as -Infinity, which JSON does not have.
    [GeneratedRegex(@"(:\s*)(-?Infinity|NaN)(?=\s*[,}])")]
    private static partial Regex BareFloatLiteral();

    private SchedulerConfig ToConfig()
    {
        var defaults = new SchedulerConfig();
        var numTrainTimesteps = Integer("num_train_timesteps", defaults.NumTrainTimesteps, 1, MostTimesteps);
        return new SchedulerConfig
        {
            Source = path,
            ClassName = Word("_class_name"),
            NumTrainTimesteps = numTrainTimesteps,
            BetaStart = Number("beta_start", defaults.BetaStart, below: 1),
            BetaEnd = Number("beta_end", defaults.BetaEnd, below: 1),
            BetaSchedule =
                Choice(
                    "beta_schedule",
                    ("linear", BetaSchedule.Linear),
                    ("scaled_linear", BetaSchedule.ScaledLinear),
                    ("squaredcos_cap_v2", BetaSchedule.SquaredCosCapV2)
                ) ?? defaults.BetaSchedule,
            TrainedBetas = Betas("trained_betas", numTrainTimesteps),
            RescaleBetasZeroSnr = Flag("rescale_betas_zero_snr") ?? defaults.RescaleBetasZeroSnr,
            PredictionType =
                Choice(
                    "prediction_type",
                    ("epsilon", PredictionType.Epsilon),
                    ("v_prediction", PredictionType.VPrediction)
                ) ?? defaults.PredictionType,
            TimestepSpacing = Choice(
                "timestep_spacing",
                ("leading", TimestepSpacing.Leading),
                ("trailing", TimestepSpacing.Trailing),
                ("linspace", TimestepSpacing.Linspace)
            ),
            StepsOffset = Integer("steps_offset", defaults.StepsOffset, 0, numTrainTimesteps - 1),
            SetAlphaToOne = Flag("set_alpha_to_one"),
            ClipSample = Flag("clip_sample"),
            ClipSampleRange = Number("clip_sample_range", defaults.ClipSampleRange, MostScale),
            SkipPrkSteps = Flag("skip_prk_steps") ?? defaults.SkipPrkSteps,
            UseKarrasSigmas = Flag("use_karras_sigmas") ?? defaults.UseKarrasSigmas,
            IsStochastic = Word("algorithm_type") == "sde-dpmsolver++",
            SolverOrder = Integer("solver_order", defaults.SolverOrder, 1, MostSolverOrder),
            SolverType = Choice(
                "solver_type",
                ("midpoint", SolverType.Midpoint),
                ("heun", SolverType.Heun),
                ("bh1", SolverType.Bh1),
                ("bh2", SolverType.Bh2),
                ("logrho", SolverType.LogRho)
            ),
            LowerOrderFinal = Flag("lower_order_final"),
            EulerAtFinal = Flag("euler_at_final") ?? defaults.EulerAtFinal,
            FinalSigma =
                Choice("final_sigmas_type", ("zero", FinalSigma.Zero), ("sigma_min", FinalSigma.SigmaMin))
                ?? defaults.FinalSigma,
            OriginalInferenceSteps = Integer(
                "original_inference_steps",
                defaults.OriginalInferenceSteps,
                1,
                MostTimesteps
            ),
            TimestepScaling = Number("timestep_scaling", defaults.TimestepScaling, MostScale),
            Values = values.ToDictionary(pair => pair.Key, pair => Text(pair.Value)),
        };
    }

    private int Integer(string key, int absent, int least, int most)
    {
        if (!values.TryGetValue(key, out var value))
            return absent;
        return
            value.ValueKind == JsonValueKind.Number
            && value.TryGetInt32(out var number)
            && number >= least
            && number <= most
            ? number
            : throw Unsupported(key, $"a whole number from {least} to {most}");
    }

    private double Number(string key, double absent, double below)
    {
        if (!values.TryGetValue(key, out var value))
            return absent;
        return value.ValueKind == JsonValueKind.Number && value.GetDouble() is > 0 and var number && number < below
            ? number
            : throw Unsupported(key, string.Create(CultureInfo.InvariantCulture, $"a number between 0 and {below}"));
    }

    private string? Word(string key)
    {
        if (!values.TryGetValue(key, out var value))
            return null;
        return value.ValueKind == JsonValueKind.String ? value.GetString() : throw Unsupported(key, "a string");
    }

    private bool? Flag(string key)
    {
        if (!values.TryGetValue(key, out var value))
            return null;
        return value.ValueKind is JsonValueKind.True or JsonValueKind.False
            ? value.GetBoolean()
            : throw Unsupported(key, "true or false");
    }

    private T? Choice<T>(string key, params (string Name, T Value)[] choices)
        where T : struct
    {
        if (!values.TryGetValue(key, out var value))
            return null;
        foreach (var choice in choices)
        {
            if (value.ValueKind == JsonValueKind.String && value.ValueEquals(choice.Name))
                return choice.Value;
        }

        throw Unsupported(key, string.Join(" or ", choices.Select(choice => choice.Name)));
    }

    private float[]? Betas(string key, int count)
    {
        if (!values.TryGetValue(key, out var value))
            return null;
        if (
            value.ValueKind == JsonValueKind.Array
            && value.GetArrayLength() == count
            && value.EnumerateArray().All(IsBeta)
        )
            return [.. value.EnumerateArray().Select(beta => (float)beta.GetDouble())];
        throw Unsupported(key, $"a list of num_train_timesteps = {count} numbers between 0 and 1");
    }

    private static bool IsBeta(JsonElement value) =>
        value.ValueKind == JsonValueKind.Number && value.GetDouble() is > 0 and < 1;

    private TextualInversionException Unsupported(string key, string supported) =>
        new($"{path}: {key} is {Text(values[key])}; it must be {supported}.");

    /// <summary>As Python and JSON write it; long lists are cut.</summary>
    private static string Text(JsonElement value)
    {
        const int Longest = 60;
        var text = value.ValueKind == JsonValueKind.String ? value.GetString()! : value.GetRawText();
        return text.Length <= Longest
            ? text
            : string.Create(CultureInfo.InvariantCulture, $"{text.AsSpan(0, Longest)}…");
    }
}
