using static TorchSharp.torch;

namespace TextualInversion.Schedulers;

/// <summary>
/// One run from noise to latents, with a model call at each of <see cref="Timesteps"/>. Samples are float32 (B, C, h,
/// w) on any device. A sampler may keep earlier model outputs, so it serves one run and is disposed with it. A run
/// takes its steps in order and may begin at a later one.
/// </summary>
internal interface ISampler : IDisposable
{
    /// <summary>The timestep of each model call, from noisy to clean; whole numbers or not.</summary>
    IReadOnlyList<float> Timesteps { get; }

    /// <summary>
    /// The number of model calls of a step; the last step may have fewer. A run begins at a multiple of it (diffusers'
    /// <c>order</c>).
    /// </summary>
    int CallsPerStep => 1;

    /// <summary>
    /// The factor from standard normal noise to the first sample; 1 for samplers that preserve the variance.
    /// </summary>
    double InitNoiseSigma => 1;

    /// <summary>The sample at which a run begins at a later call: latents with the noise of that call.</summary>
    /// <param name="latents">Scaled latents (B, C, h, w).</param>
    /// <param name="noise">Standard normal noise (B, C, h, w).</param>
    /// <param name="stepIndex">The entry of <see cref="Timesteps"/>.</param>
    Tensor AddNoise(Tensor latents, Tensor noise, int stepIndex);

    /// <summary>The sample scaled as the U-Net expects it; unchanged for samplers that preserve the variance.</summary>
    /// <returns>
    /// A tensor (B, C, h, w) that the caller owns; it may share memory with <paramref name="sample"/>.
    /// </returns>
    Tensor ScaleModelInput(Tensor sample, int stepIndex) => sample.alias();

    /// <summary>The sample after the model call <paramref name="stepIndex"/>.</summary>
    /// <param name="modelOutput">The U-Net's prediction (B, C, h, w), guidance applied.</param>
    /// <param name="stepIndex">Which entry of <see cref="Timesteps"/> the prediction belongs to.</param>
    /// <param name="sample">The sample before the call, not scaled.</param>
    /// <param name="generator">A CPU generator for samplers that add noise; the others ignore it.</param>
    /// <returns>The next sample (B, C, h, w); neither argument is changed or kept.</returns>
    /// <exception cref="ArgumentException">The step is out of order, or a generator is needed and missing.</exception>
    Tensor Step(Tensor modelOutput, int stepIndex, Tensor sample, Generator? generator = null);
}
