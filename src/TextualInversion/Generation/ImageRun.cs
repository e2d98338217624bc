using TextualInversion.Native;
using TextualInversion.Schedulers;
using static TorchSharp.torch;

namespace TextualInversion.Generation;

/// <summary>
/// Denoises one image. It has its own sampler and generator, so that the images of a batch share only the model's
/// calls: each is the same as if it were generated alone.
/// </summary>
internal sealed class ImageRun : IDisposable
{
    private readonly ISampler sampler;
    private readonly Generator generator;

    /// <summary>Starts from noise alone.</summary>
    /// <param name="sampler">The sampler. This object disposes of it.</param>
    /// <param name="generator">The generator of all noise. The caller disposes of it.</param>
    /// <param name="shape">The shape of the latents, (1, 4, h, w).</param>
    /// <param name="device">Where to compute.</param>
    public ImageRun(ISampler sampler, Generator generator, long[] shape, Device device)
        : this(sampler, generator)
    {
        using var scope = NewDisposeScope();
        Latents = randn(shape, generator: generator).to(device).Times(sampler.InitNoiseSigma).DetachFromDisposeScope();
    }

    /// <summary>
    /// Starts from an init image, to which noise is added (Meng et al. 2021, section 3.2). The first random draw is the
    /// VAE's, as in diffusers.
    /// </summary>
    /// <param name="sampler">The sampler. This object disposes of it.</param>
    /// <param name="generator">The generator of all noise. The caller disposes of it.</param>
    /// <param name="mean">The mean of the image's scaled latents, (1, 4, h, w).</param>
    /// <param name="std">Their standard deviation, (1, 4, h, w).</param>
    /// <param name="firstCall">The model call of the sampler to start at.</param>
    public ImageRun(ISampler sampler, Generator generator, Tensor mean, Tensor std, int firstCall)
        : this(sampler, generator)
    {
        using var scope = NewDisposeScope();
        var latents = mean.Plus(std * Noise());
        Latents = sampler.AddNoise(latents, Noise(), firstCall).DetachFromDisposeScope();
        Tensor Noise() => randn(mean.shape, generator: generator).to(mean.device);
    }

    private ImageRun(ISampler sampler, Generator generator)
    {
        this.sampler = sampler;
        this.generator = generator;
        Latents = null!; // set by the public constructors
    }

    /// <summary>The current latents, (1, 4, h, w).</summary>
    public Tensor Latents { get; private set; }

    /// <summary>The input of the U-Net at a model call, (1, 4, h, w).</summary>
    public Tensor Input(int call) => sampler.ScaleModelInput(Latents, call);

    /// <summary>Takes the sampler's step of a model call.</summary>
    /// <param name="prediction">The prediction with guidance, (1, 4, h, w).</param>
    /// <param name="call">The number of the call.</param>
    public void Step(Tensor prediction, int call)
    {
        var next = sampler.Step(prediction, call, Latents, generator).DetachFromDisposeScope();
        Latents.Dispose();
        Latents = next;
    }

    public void Dispose()
    {
        sampler.Dispose();
        Latents.Dispose();
    }
}
