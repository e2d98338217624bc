using TextualInversion.Tensors;
using TextualInversion.Tensors.Torch;
using static TorchSharp.torch;

namespace TextualInversion.Checkpoints.SingleFile;

/// <summary>
/// Detects whether a checkpoint's U-Net predicts the noise or v (Salimans and Ho 2022). Few files say so.
/// </summary>
internal static class PredictionTypeDetector
{
    /// <summary>A tensor in files of models that were trained with zero terminal SNR (arXiv 2305.08891).</summary>
    public const string ZeroSnrMark = "ztsnr";

    private const string Epsilon = "epsilon",
        V = "v_prediction";

    // An empty tensor that trainers of Stable Diffusion XL add, and that ComfyUI and the WebUI look for.
    private const string Mark = "v_pred";

    // https://github.com/Stability-AI/ModelSpec, written by kohya's scripts.
    private const string Metadata = "modelspec.prediction_type";

    // diffusers recognizes 512-base-ema.ckpt by its number of steps.
    private const long Sd2BaseSteps = 875_000;

    /// <summary>
    /// The bias by which ComfyUI distinguishes the two kinds of Stable Diffusion 2 (supported_models.py, SD20): its
    /// values spread wider in 768-v and the models made from it.
    /// </summary>
    private const string TellingBias = "up_blocks.3.attentions.2.transformer_blocks.0.norm1.bias";

    private const double TellingSpread = 0.09;

    /// <param name="file">The file, under LDM's names.</param>
    /// <param name="line">The version.</param>
    /// <param name="unet">The U-Net under diffusers' names.</param>
    /// <returns><c>epsilon</c> or <c>v_prediction</c>.</returns>
    public static string Detect(ITensorFile file, ModelVersion line, Func<ITensorFile> unet)
    {
        if (file is SafetensorsFile { Metadata: var metadata } && metadata.TryGetValue(Metadata, out var said))
            return said.StartsWith('v') ? V : Epsilon;
        if (file.Tensors.ContainsKey(Mark))
            return V;
        if (line != ModelVersion.StableDiffusion2)
            return Epsilon;
        if (file is TorchFile torch && torch.Root["global_step"] is Sd2BaseSteps)
            return Epsilon;
        return Spread(unet()) > TellingSpread ? V : Epsilon;
    }

    private static double Spread(ITensorFile unet)
    {
        if (!unet.Tensors.TryGetValue(TellingBias, out var entry) || entry.Shape.Length != 1)
            return 0;
        using var scope = NewDisposeScope();
        return unet.Read(TellingBias).to(ScalarType.Float64).std(unbiased: false).item<double>();
    }
}
