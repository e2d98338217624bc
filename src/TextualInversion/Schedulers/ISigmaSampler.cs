using static TorchSharp.torch;

namespace TextualInversion.Schedulers;

/// <summary>A sampler whose sample is image + sigma noise, so that its variance grows with the noise.</summary>
internal interface ISigmaSampler : ISampler
{
    SigmaGrid Grid { get; }

    /// <summary>The noise level at which a model call is made.</summary>
    double SigmaOfCall(int stepIndex) => Grid[stepIndex];

    double ISampler.InitNoiseSigma => Grid.InitNoiseSigma;

    Tensor ISampler.AddNoise(Tensor latents, Tensor noise, int stepIndex) =>
        SigmaGrid.AddNoise(latents, noise, SigmaOfCall(stepIndex));

    Tensor ISampler.ScaleModelInput(Tensor sample, int stepIndex) =>
        SigmaGrid.ScaleModelInput(sample, SigmaOfCall(stepIndex));
}
