using TextualInversion.Models;
using TextualInversion.Training.Data;
using static TorchSharp.torch;

namespace TextualInversion.Training;

/// <summary>A batch of one concept before its U-Net pass.</summary>
/// <param name="Batch">The batch.</param>
/// <param name="NoisyLatents">(B, 4, h, w).</param>
/// <param name="Timesteps">(B), from 0.</param>
/// <param name="Conditioning">Of the prompts with the concept's vectors.</param>
/// <param name="Target">The noise or velocity that the U-Net should predict, (B, 4, h, w).</param>
internal sealed record PreparedBatch(
    TrainingBatch Batch,
    Tensor NoisyLatents,
    Tensor Timesteps,
    Conditioning Conditioning,
    Tensor Target
);
