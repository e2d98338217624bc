using TextualInversion.Native;
using static TorchSharp.torch;

namespace TextualInversion.Generation;

/// <summary>Classifier-free guidance (Ho and Salimans 2022, eq. 6, with their 1 + w as the scale).</summary>
internal static class Guidance
{
    /// <param name="unguided">The prediction for the negative prompt, (B, 4, h, w).</param>
    /// <param name="guided">The prediction for the prompt, (B, 4, h, w).</param>
    /// <param name="scale">The guidance scale; 1 gives the guided prediction.</param>
    /// <param name="rescale">Guidance rescale, from 0 (off) to 1 (Lin et al. 2023, eq. 15 and 16).</param>
    /// <returns>The prediction with guidance, (B, 4, h, w).</returns>
    public static Tensor Apply(Tensor unguided, Tensor guided, double scale, double rescale)
    {
        using var scope = NewDisposeScope();
        var prediction = unguided.Plus((guided - unguided).Times(scale));
        if (rescale > 0)
        {
            var rescaled = prediction * (Deviation(guided) / Deviation(prediction));
            prediction = rescaled.Times(rescale).Plus(prediction.Times(1 - rescale));
        }

        return prediction.MoveToOuterDisposeScope();
    }

    /// <summary>The standard deviation of each image's latents.</summary>
    /// <returns>(B, 1, 1, 1).</returns>
    private static Tensor Deviation(Tensor latents) => latents.std([1, 2, 3], keepdim: true);
}
