using System.Globalization;
using TextualInversion.IO;
using static TorchSharp.torch;

namespace TextualInversion.Embeddings;

/// <summary>
/// Metadata by which other programs show what a file is: ModelSpec 1.0.1 (https://github.com/Stability-AI/ModelSpec).
/// It has no date, so that the same training gives the same bytes.
/// </summary>
internal static class ModelSpec
{
    /// <summary>What all keys begin with.</summary>
    public const string Prefix = "modelspec.";

    /// <summary>The mark of an embedding for negative prompts, whose value is <c>true</c>.</summary>
    public const string NegativeKey = Prefix + "is_negative_embedding";

    private const int Sd2Width = 1024; // of its text encoder

    /// <summary>Whether an embedding's metadata say that it is for negative prompts.</summary>
    public static bool IsNegative(IReadOnlyDictionary<string, string> metadata) =>
        metadata.TryGetValue(NegativeKey, out var value) && value.Equals("true", StringComparison.OrdinalIgnoreCase);

    /// <summary>The metadata of an embedding.</summary>
    /// <param name="trigger">The placeholder token.</param>
    /// <param name="title">The name that people see.</param>
    /// <param name="rows">(n, d) float32 for each text encoder.</param>
    /// <param name="resolution">The side of the training images, in pixels.</param>
    /// <param name="prediction">What the model predicts.</param>
    /// <param name="isNegative">Whether it is for negative prompts.</param>
    public static Dictionary<string, string> Of(
        string trigger,
        string title,
        IReadOnlyList<Tensor> rows,
        int resolution,
        PredictionType prediction,
        bool isNegative
    )
    {
        var metadata = new Dictionary<string, string>
        {
            ["sai_model_spec"] = "1.0.1",
            ["architecture"] = $"{Architecture(rows, prediction)}/textual-inversion",
            ["implementation"] = "diffusers",
            ["title"] = title,
            ["resolution"] = string.Create(CultureInfo.InvariantCulture, $"{resolution}x{resolution}"),
            ["trigger_phrase"] = trigger,
            ["hash_sha256"] = $"0x{Hash(rows)}",
            ["prediction_type"] = prediction == PredictionType.VPrediction ? "v" : "epsilon",
        };
        if (isNegative)
            metadata["is_negative_embedding"] = "true";
        return metadata.ToDictionary(pair => Prefix + pair.Key, pair => pair.Value);
    }

    /// <summary>The model's name, as kohya's scripts and SwarmUI know it.</summary>
    private static string Architecture(IReadOnlyList<Tensor> rows, PredictionType prediction) =>
        rows.Count == 2 ? "stable-diffusion-xl-v1-base"
        : rows[0].shape[1] != Sd2Width ? "stable-diffusion-v1"
        : prediction == PredictionType.VPrediction ? "stable-diffusion-v2-768-v"
        : "stable-diffusion-v2-512";

    /// <summary>SHA-256 of the tensors as the file holds them: float32, those of SDXL's second encoder first.</summary>
    private static string Hash(IReadOnlyList<Tensor> rows)
    {
        using var sha = new IncrementalSha256();
        using var scope = NewDisposeScope();
        foreach (var each in rows.Reverse()) // clip_g before clip_l
            sha.Append(each.detach().to(ScalarType.Float32, CPU).contiguous().bytes);
        return sha.FinishAsText();
    }
}
