using static TorchSharp.torch;

namespace TextualInversion.Schedulers;

/// <summary>
/// The way of one run from noise to latents. Holds the run's state, so it serves one run; its steps are taken in order. For each
/// step i: predict at <c>Timesteps[i]</c> from <c>ScaleModelInput(sample, i)</c>, then <c>sample = Step(prediction, i, sample, noise)</c>.
/// </summary>
public interface ISampler : IDisposable
{
    /// <summary>The timestep of each call of the model, falling; not always whole, and PNDM calls the model once more than it steps.</summary>
    IReadOnlyList<double> Timesteps { get; }

    /// <summary>What the standard normal noise of the start is multiplied by.</summary>
    double InitNoiseSigma { get; }

    /// <param name="sample">(B, 4, h, w)</param>
    /// <param name="step">index into <see cref="Timesteps"/></param>
    /// <returns>what the model is given: a new tensor, to be disposed of</returns>
    Tensor ScaleModelInput(Tensor sample, int step);

    /// <param name="prediction">what the model said, (B, 4, h, w)</param>
    /// <param name="step">index into <see cref="Timesteps"/></param>
    /// <param name="sample">the state before the step, as it was before scaling</param>
    /// <param name="noise">draws standard normal noise of the sample's shape, for samplers that add some</param>
    /// <returns>the state after the step: a new tensor</returns>
    Tensor Step(Tensor prediction, int step, Tensor sample, Func<Tensor> noise);
}
