using TextualInversion.Models;
using TextualInversion.Models.Tokenizers;
using static TorchSharp.torch;

namespace TextualInversion.Training.Data;

/// <summary>What one forward pass learns from: everything random in it is drawn.</summary>
/// <param name="Latents">(B, 4, h, w), scaled, without noise</param>
/// <param name="Noise">(B, 4, h, w), standard normal</param>
/// <param name="Timesteps">B, in [0, 1000)</param>
/// <param name="Prompts">B prompts that hold the placeholder, for each text encoder</param>
/// <param name="Images">B sizes and crops</param>
internal sealed record TrainingBatch(
    Tensor Latents,
    Tensor Noise,
    long[] Timesteps,
    IReadOnlyList<PromptTokens> Prompts,
    IReadOnlyList<SizeConditioning> Images
)
{
    /// <summary>What counts of each image, (B, h, w) in [0, 1]; null where everything does.</summary>
    public Tensor? Mask { get; init; }
}
