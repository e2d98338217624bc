using TextualInversion.Native;
using TextualInversion.Schedulers;
using static TorchSharp.torch;

namespace TextualInversion.Generation;

/// <summary>
/// One image on its way from noise to latents. Sampler and generator are its own, so that the images of a batch share
/// the model's calls and nothing else: each comes out as it would alone.
/// </summary>
internal sealed class ImageRun : IDisposable
{
    private readonly ISampler sampler;
    private readonly Generator generator;

    /// <summary>From noise alone.</summary>
    /// <param name="sampler">owned from here on</param>
    /// <param name="generator">of all noise; the caller's</param>
    /// <param name="shape">(1, 4, h, w)</param>
    /// <param name="device">where to compute</param>
    public ImageRun(ISampler sampler, Generator generator, long[] shape, Device device)
        : this(sampler, generator)
    {
        using var scope = NewDisposeScope();
        Latents = randn(shape, generator: generator).to(device).Times(sampler.InitNoiseSigma).DetachFromDisposeScope();
    }

    /// <summary>
    /// From an image, to which noise is added (Meng et al. 2021, section 3.2). The first draw is the VAE's, as in
    /// diffusers.
    /// </summary>
    /// <param name="sampler">owned from here on</param>
    /// <param name="generator">of all noise; the caller's</param>
    /// <param name="mean">(1, 4, h, w): the image's scaled latents</param>
    /// <param name="std">(1, 4, h, w): their uncertainty</param>
    /// <param name="firstCall">the sampler's model call to begin at</param>
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
        Latents = null!; // the public constructors give it
    }

    /// <summary>(1, 4, h, w)</summary>
    public Tensor Latents { get; private set; }

    /// <summary>What the model is shown at a call, (1, 4, h, w).</summary>
    public Tensor Input(int call) => sampler.ScaleModelInput(Latents, call);

    /// <param name="prediction">(1, 4, h, w), guidance applied</param>
    /// <param name="call">which call it belongs to</param>
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
