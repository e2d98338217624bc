using TextualInversion.Native;
using static TorchSharp.torch;

namespace TextualInversion.Schedulers;

/// <summary>
/// How much of a sample is image and how much is noise, with the variance preserved: x = Alpha image + Sigma noise.
/// Tensors are (B, C, h, w).
/// </summary>
internal readonly record struct NoiseLevel(double Alpha, double Sigma)
{
    /// <summary>Noise to image: the sigma of Karras et al., arXiv 2206.00364.</summary>
    public double Ratio => Sigma / Alpha;

    /// <summary>Half the logarithm of the signal-to-noise ratio (arXiv 2206.00927); infinite without noise.</summary>
    public double Lambda => -Math.Log(Ratio);

    public static NoiseLevel OfRatio(double ratio)
    {
        var alpha = 1 / Math.Sqrt((ratio * ratio) + 1);
        return new NoiseLevel(alpha, ratio * alpha);
    }

    public static NoiseLevel OfAlphaCumprod(double alphaCumprod) =>
        new(Math.Sqrt(alphaCumprod), Math.Sqrt(1 - alphaCumprod));

    public Tensor Mix(Tensor image, Tensor noise)
    {
        using var scope = NewDisposeScope();
        return image.Times(Alpha).Plus(noise.Times(Sigma)).MoveToOuterDisposeScope();
    }

    /// <summary>
    /// The clean sample that a model output at this level implies; the velocity is that of arXiv 2202.00512, appendix
    /// D.
    /// </summary>
    public Tensor Original(PredictionType predictionType, Tensor modelOutput, Tensor sample) =>
        predictionType switch
        {
            PredictionType.Epsilon => (sample - modelOutput.Times(Sigma)).DividedBy(Alpha),
            PredictionType.VPrediction => sample.Times(Alpha) - modelOutput.Times(Sigma),
            _ => throw new ArgumentOutOfRangeException(
                nameof(predictionType),
                predictionType,
                "Not a prediction type."
            ),
        };

    /// <summary>The noise that a model output at this level implies; may be the model output itself.</summary>
    public Tensor Noise(PredictionType predictionType, Tensor modelOutput, Tensor sample) =>
        predictionType switch
        {
            PredictionType.Epsilon => modelOutput,
            PredictionType.VPrediction => modelOutput.Times(Alpha).Plus(sample.Times(Sigma)),
            _ => throw new ArgumentOutOfRangeException(
                nameof(predictionType),
                predictionType,
                "Not a prediction type."
            ),
        };
}
