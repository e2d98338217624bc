using TextualInversion.Schedulers;

namespace TextualInversion.Tests.Schedulers;

public sealed class SchedulerConfigTests
{
    [Fact]
    public void Parse_EmptyObject_GivesDiffusersDefaults()
    {
        var config = SchedulerConfig.Parse("{}", "a.json");
        Assert.Equal((1000, 0.0001, 0.02), (config.NumTrainTimesteps, config.BetaStart, config.BetaEnd));
        Assert.Equal((BetaSchedule.Linear, PredictionType.Epsilon), (config.BetaSchedule, config.PredictionType));
        Assert.Equal((0, 1.0), (config.StepsOffset, config.ClipSampleRange));
        Assert.Null(config.ClipSample);
        Assert.False(config.RescaleBetasZeroSnr || config.SkipPrkSteps || config.UseKarrasSigmas);
        Assert.False(config.IsStochastic || config.EulerAtFinal);
        Assert.Equal((2, FinalSigma.Zero), (config.SolverOrder, config.FinalSigma));
        Assert.Equal((50, 10.0), (config.OriginalInferenceSteps, config.TimestepScaling));
        Assert.Null(config.SolverType);
        Assert.Null(config.LowerOrderFinal);
        Assert.Null(config.TimestepSpacing);
        Assert.Null(config.SetAlphaToOne);
        Assert.Null(config.TrainedBetas);
        Assert.Null(config.ClassName);
    }

    [Fact]
    public void Parse_EveryKey_IsRead()
    {
        var config = SchedulerConfig.Parse(
            """
            {
              "_class_name": "DDIMScheduler", "num_train_timesteps": 2, "beta_start": 0.1, "beta_end": 0.2,
              "beta_schedule": "scaled_linear", "trained_betas": [0.1, 0.2], "rescale_betas_zero_snr": true,
              "prediction_type": "v_prediction",
              "timestep_spacing": "trailing", "steps_offset": 1, "set_alpha_to_one": false, "clip_sample": false,
              "clip_sample_range": 2.5,
              "skip_prk_steps": true, "use_karras_sigmas": true, "lambda_min_clipped": -Infinity, "solver_order": 3,
              "algorithm_type": "sde-dpmsolver++", "solver_type": "heun", "lower_order_final": false,
              "euler_at_final": true,
              "final_sigmas_type": "sigma_min", "original_inference_steps": 25, "timestep_scaling": 1.5
            }
            """,
            "a.json"
        );
        Assert.Equal(
            ("DDIMScheduler", 2, 0.1, 0.2),
            (config.ClassName, config.NumTrainTimesteps, config.BetaStart, config.BetaEnd)
        );
        Assert.Equal(
            (BetaSchedule.ScaledLinear, PredictionType.VPrediction),
            (config.BetaSchedule, config.PredictionType)
        );
        Assert.Equal(
            (TimestepSpacing.Trailing, 1, false),
            (config.TimestepSpacing, config.StepsOffset, config.SetAlphaToOne)
        );
        Assert.Equal(
            (false, 2.5, true, true),
            (config.ClipSample, config.ClipSampleRange, config.SkipPrkSteps, config.UseKarrasSigmas)
        );
        Assert.Equal([0.1f, 0.2f], config.TrainedBetas);
        Assert.True(config.RescaleBetasZeroSnr);
        Assert.True(config.IsStochastic && config.EulerAtFinal);
        Assert.Equal((3, SolverType.Heun, false), (config.SolverOrder, config.SolverType, config.LowerOrderFinal));
        Assert.Equal(
            (FinalSigma.SigmaMin, 25, 1.5),
            (config.FinalSigma, config.OriginalInferenceSteps, config.TimestepScaling)
        );
        Assert.Equal(("-Infinity", "3"), (config.Values["lambda_min_clipped"], config.Values["solver_order"]));
    }

    [Theory]
    [InlineData("linear", BetaSchedule.Linear)]
    [InlineData("scaled_linear", BetaSchedule.ScaledLinear)]
    [InlineData("squaredcos_cap_v2", BetaSchedule.SquaredCosCapV2)]
    internal void Parse_BetaSchedule_IsRead(string text, BetaSchedule expected) =>
        Assert.Equal(expected, SchedulerConfig.Parse($$"""{"beta_schedule": "{{text}}"}""", "a.json").BetaSchedule);

    [Theory]
    [InlineData("leading", TimestepSpacing.Leading)]
    [InlineData("trailing", TimestepSpacing.Trailing)]
    [InlineData("linspace", TimestepSpacing.Linspace)]
    internal void Parse_TimestepSpacing_IsRead(string text, TimestepSpacing expected) =>
        Assert.Equal(
            expected,
            SchedulerConfig.Parse($$"""{"timestep_spacing": "{{text}}"}""", "a.json").TimestepSpacing
        );

    [Theory]
    [InlineData("epsilon", PredictionType.Epsilon)]
    [InlineData("v_prediction", PredictionType.VPrediction)]
    public void Parse_PredictionType_IsRead(string text, PredictionType expected) =>
        Assert.Equal(expected, SchedulerConfig.Parse($$"""{"prediction_type": "{{text}}"}""", "a.json").PredictionType);

    [Theory]
    [InlineData("midpoint", SolverType.Midpoint)]
    [InlineData("heun", SolverType.Heun)]
    [InlineData("bh1", SolverType.Bh1)]
    [InlineData("bh2", SolverType.Bh2)]
    [InlineData("logrho", SolverType.LogRho)]
    internal void Parse_SolverType_IsRead(string text, SolverType expected) =>
        Assert.Equal(expected, SchedulerConfig.Parse($$"""{"solver_type": "{{text}}"}""", "a.json").SolverType);

    [Theory]
    [InlineData("zero", FinalSigma.Zero)]
    [InlineData("sigma_min", FinalSigma.SigmaMin)]
    internal void Parse_FinalSigmasType_IsRead(string text, FinalSigma expected) =>
        Assert.Equal(expected, SchedulerConfig.Parse($$"""{"final_sigmas_type": "{{text}}"}""", "a.json").FinalSigma);

    [Fact]
    public void Parse_NullValue_CountsAsMissing() =>
        Assert.Empty(SchedulerConfig.Parse("""{"trained_betas": null, "use_karras_sigmas": null}""", "a.json").Values);

    [Theory]
    [InlineData(
        """{"prediction_type": "sample"}""",
        "a.json: prediction_type is sample; it must be epsilon or v_prediction."
    )]
    [InlineData("""{"prediction_type": 1}""", "a.json: prediction_type is 1; it must be epsilon or v_prediction.")]
    [InlineData(
        """{"beta_schedule": "sigmoid"}""",
        "a.json: beta_schedule is sigmoid; it must be linear or scaled_linear or squaredcos_cap_v2."
    )]
    [InlineData(
        """{"timestep_spacing": "karras"}""",
        "a.json: timestep_spacing is karras; it must be leading or trailing or linspace."
    )]
    [InlineData(
        """{"num_train_timesteps": 0}""",
        "a.json: num_train_timesteps is 0; it must be a whole number from 1 to 10000."
    )]
    [InlineData("""{"steps_offset": 0.5}""", "a.json: steps_offset is 0.5; it must be a whole number from 0 to 999.")]
    [InlineData("""{"beta_start": "low"}""", "a.json: beta_start is low; it must be a number between 0 and 1.")]
    [InlineData("""{"clip_sample": "no"}""", "a.json: clip_sample is no; it must be true or false.")]
    [InlineData(
        """{"trained_betas": [0.1]}""",
        "a.json: trained_betas is [0.1]; it must be a list of num_train_timesteps = 1000 numbers between 0 and 1."
    )]
    [InlineData(
        """{"num_train_timesteps": 2147483647}""",
        "a.json: num_train_timesteps is 2147483647; it must be a whole number from 1 to 10000."
    )]
    [InlineData(
        """{"steps_offset": 2147483647}""",
        "a.json: steps_offset is 2147483647; it must be a whole number from 0 to 999."
    )]
    [InlineData("[]", "a.json: is not a JSON object.")]
    public void Parse_UnsupportedValue_NamesFileKeyAndValue(string json, string message) =>
        Assert.Equal(
            message,
            Assert.Throws<TextualInversionException>(() => SchedulerConfig.Parse(json, "a.json")).Message
        );

    [Fact]
    public void Parse_LongUnsupportedValue_IsCut()
    {
        var betas = string.Join(", ", Enumerable.Repeat("0.1", 100));
        var error = Assert.Throws<TextualInversionException>(() =>
            SchedulerConfig.Parse($$"""{"trained_betas": [{{betas}}]}""", "a.json")
        );
        Assert.Contains("…; it must be", error.Message);
    }

    [Fact]
    public void Parse_BrokenJson_NamesFile()
    {
        var error = Assert.Throws<TextualInversionException>(() => SchedulerConfig.Parse("{", "a.json"));
        Assert.StartsWith("a.json: is not JSON: ", error.Message);
    }
}
