using TextualInversion.Models;
using TextualInversion.Models.Tokenizers;
using static TorchSharp.torch;

namespace TextualInversion.Training.Data;

/// <summary>The input of one forward pass, with everything random already drawn.</summary>
/// <param name="Latents">(B, 4, h, w), scaled, without noise.</param>
/// <param name="Noise">(B, 4, h, w), standard normal.</param>
/// <param name="Timesteps">B timesteps, from 0.</param>
/// <param name="Prompts">For each text encoder B prompts, which contain the placeholder token.</param>
/// <param name="Sizes">The size and crop of each of the B images.</param>
internal sealed record TrainingBatch(
    Tensor Latents,
    Tensor Noise,
    long[] Timesteps,
    IReadOnlyList<PromptTokens> Prompts,
    IReadOnlyList<SizeConditioning> Sizes
) : IDisposable
{
    /// <summary>The loss masks of the images, (B, h, w) in [0, 1], or null if all are full.</summary>
    public Tensor? Mask { get; init; }

    /// <summary>Needed only if the tensors do not belong to a dispose scope.</summary>
    public void Dispose()
    {
        Latents.Dispose();
        Noise.Dispose();
        Mask?.Dispose();
    }
}
