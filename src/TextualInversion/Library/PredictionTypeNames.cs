namespace TextualInversion;

/// <summary>The names of prediction types, as the config of a scheduler writes them.</summary>
internal static class PredictionTypeNames
{
    public const string Epsilon = "epsilon",
        VPrediction = "v_prediction";

    public static string Of(PredictionType prediction) =>
        prediction switch
        {
            PredictionType.Epsilon => Epsilon,
            PredictionType.VPrediction => VPrediction,
            _ => throw new ArgumentOutOfRangeException(nameof(prediction), prediction, null),
        };

    /// <returns>The prediction type, or null if no prediction type has that name.</returns>
    public static PredictionType? Parse(string? name) =>
        name switch
        {
            Epsilon => PredictionType.Epsilon,
            VPrediction => PredictionType.VPrediction,
            _ => null,
        };
}
