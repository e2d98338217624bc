using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace TextualInversion.Schedulers;

/// <summary>Reads <see cref="SchedulerConfig"/> from JSON and names the file, the key and the value found where it cannot.</summary>
internal sealed partial class SchedulerConfigReader
{
    private readonly string path;
    private readonly Dictionary<string, JsonElement> values;

    private SchedulerConfigReader(string path, JsonElement root)
    {
        this.path = path;
        if (root.ValueKind != JsonValueKind.Object)
            throw new TextualInversionException($"{path}: is not a scheduler's JSON object.");
        values = root.EnumerateObject()
            .Where(property => property.Value.ValueKind != JsonValueKind.Null)
            .GroupBy(property => property.Name)
            .ToDictionary(group => group.Key, group => group.Last().Value);
    }

    public static SchedulerConfig Read(string json, string path)
    {
        try
        {
            using var document = JsonDocument.Parse(BareFloatLiteral().Replace(json, "$1\"$2\""));
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
        var numTrainTimesteps = Integer("num_train_timesteps", defaults.NumTrainTimesteps, minimum: 1);
        return new SchedulerConfig
        {
            Source = path,
            ClassName = values.TryGetValue("_class_name", out var className) ? className.ToString() : null,
            NumTrainTimesteps = numTrainTimesteps,
            BetaStart = Number("beta_start", defaults.BetaStart),
            BetaEnd = Number("beta_end", defaults.BetaEnd),
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
            StepsOffset = Integer("steps_offset", defaults.StepsOffset, minimum: 0),
            SetAlphaToOne = Flag("set_alpha_to_one"),
            ClipSample = Flag("clip_sample"),
            ClipSampleRange = Number("clip_sample_range", defaults.ClipSampleRange),
            SkipPrkSteps = Flag("skip_prk_steps") ?? defaults.SkipPrkSteps,
            UseKarrasSigmas = Flag("use_karras_sigmas") ?? defaults.UseKarrasSigmas,
            IsStochastic =
                values.TryGetValue("algorithm_type", out var algorithm) && algorithm.ToString() == "sde-dpmsolver++",
            SolverOrder = Integer("solver_order", defaults.SolverOrder, minimum: 1),
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
            OriginalInferenceSteps = Integer("original_inference_steps", defaults.OriginalInferenceSteps, minimum: 1),
            TimestepScaling = Number("timestep_scaling", defaults.TimestepScaling),
            Values = values.ToDictionary(pair => pair.Key, pair => Text(pair.Value)),
        };
    }

    private int Integer(string key, int absent, int minimum)
    {
        if (!values.TryGetValue(key, out var value))
            return absent;
        if (value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var number) && number >= minimum)
            return number;
        throw Unsupported(key, $"a whole number of at least {minimum}");
    }

    private double Number(string key, double absent)
    {
        if (!values.TryGetValue(key, out var value))
            return absent;
        return value.ValueKind == JsonValueKind.Number ? value.GetDouble() : throw Unsupported(key, "a number");
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
            && value.EnumerateArray().All(beta => beta.ValueKind == JsonValueKind.Number)
        )
            return [.. value.EnumerateArray().Select(beta => (float)beta.GetDouble())];
        throw Unsupported(key, $"a list of num_train_timesteps = {count} numbers");
    }

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
