using TextualInversion.Native;
using static TorchSharp.torch;

namespace TextualInversion.Generation;

/// <summary>Classifier-free guidance (Ho and Salimans 2022, eq. 6, with their 1 + w as the scale).</summary>
internal static class Guidance
{
    /// <param name="unguided">(B, 4, h, w): the prediction for the negative prompt</param>
    /// <param name="guided">(B, 4, h, w): the prediction for the prompt</param>
    /// <param name="scale">how far to go from the one to the other, and beyond</param>
    /// <param name="rescale">how much of the contrast that guidance adds is taken back, from 0 to 1 (Lin et al. 2023,
    /// eq. 15 and 16)</param>
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

    /// <returns>(B, 1, 1, 1): over each image's latents</returns>
    private static Tensor Deviation(Tensor latents) => latents.std([1, 2, 3], keepdim: true);
}
