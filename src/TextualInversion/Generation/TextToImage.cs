using TextualInversion.Data;
using TextualInversion.Models;
using TextualInversion.Models.Tokenizers;
using TextualInversion.Native;
using TextualInversion.Schedulers;
using TorchSharp;
using static TorchSharp.torch;

namespace TextualInversion.Generation;

/// <summary>
/// Generates images from prompts: latent diffusion (Rombach et al. 2022) with classifier-free guidance (Ho and Salimans
/// 2022).
/// </summary>
/// <param name="model">The frozen model.</param>
/// <param name="scheduler">Its noise schedule.</param>
/// <param name="tokenizers">Tokenizers with the placeholder tokens of all embeddings.</param>
/// <param name="rows">
/// The vectors of all embeddings in the order of the placeholder tokens, (N, d) for each text encoder, or null if there
/// are no embeddings.
/// </param>
internal sealed class TextToImage(
    IDiffusionModel model,
    SchedulerConfig scheduler,
    PromptTokenizers tokenizers,
    IReadOnlyList<Tensor>? rows
)
{
    private readonly PromptConditioning conditioning = new(model, tokenizers, rows);

    /// <summary>Generates one image. The same seed and settings start from the same noise as in diffusers.</summary>
    /// <param name="options">The settings.</param>
    /// <param name="seed">The seed of the image's noise.</param>
    /// <param name="progress">Notified before the first call of the model and after each.</param>
    /// <param name="cancellationToken">Checked before each call of the model.</param>
    /// <exception cref="OperationCanceledException">The generation was canceled.</exception>
    /// <exception cref="TextualInversionException">A setting is out of range, or memory ran out.</exception>
    public RgbImage Generate(
        GenerationSettings options,
        ulong seed,
        IProgress<(int Step, int Steps)>? progress = null,
        CancellationToken cancellationToken = default
    )
    {
        try
        {
            return Generate(options, [seed], progress, cancellationToken)[0];
        }
        catch (InsufficientMemoryException error)
        {
            throw new TextualInversionException(
                $"Memory ran out while making an image of {options.Width} x {options.Height}; choose a smaller size or "
                    + "bf16 precision, or close other programs.",
                error
            );
        }
    }

    /// <summary>
    /// Generates an image for each seed, in one batch. On a CPU each is identical to the image generated alone; on a
    /// GPU it may differ by rounding.
    /// </summary>
    /// <param name="options">The settings.</param>
    /// <param name="seeds">The seed of each image's noise.</param>
    /// <param name="progress">Notified before the first call of the model and after each.</param>
    /// <param name="cancellationToken">Checked before each call of the model.</param>
    /// <exception cref="OperationCanceledException">The generation was canceled.</exception>
    /// <exception cref="TextualInversionException">A setting is out of range.</exception>
    /// <exception cref="InsufficientMemoryException">Memory ran out; a smaller batch may fit.</exception>
    public IReadOnlyList<RgbImage> Generate(
        GenerationSettings options,
        IReadOnlyList<ulong> seeds,
        IProgress<(int Step, int Steps)>? progress = null,
        CancellationToken cancellationToken = default
    )
    {
        options.Validate();
        var generators = seeds.Select(seed => new Generator(seed)).ToList();
        try
        {
            using var scope = NewDisposeScope();
            var latents = Denoise(options, generators, progress, cancellationToken);
            Allocator.Trim(); // decoding needs blocks of other sizes
            return [.. latents.Select(Decode)];
        }
        catch (Exception error) when (OutOfMemory.Is(error))
        {
            throw new InsufficientMemoryException(error.Message, error);
        }
        finally
        {
            foreach (var generator in generators)
                generator.Dispose();
        }
    }

    /// <summary>
    /// The number of images that share a call of the model. On a CPU it is 1: sharing is no faster there, and larger
    /// products would change the order of sums and thus the last bits of an image.
    /// </summary>
    internal static int ImagesPerCall(Device device, int batch) => device.type == DeviceType.CPU ? 1 : batch;

    /// <summary>Denoises latents that start from noise, or from an image with noise.</summary>
    /// <param name="options">The settings.</param>
    /// <param name="generators">The generator of each image's noise.</param>
    /// <param name="progress">Notified before the first call of the model and after each.</param>
    /// <param name="cancellationToken">Checked before each call of the model.</param>
    /// <returns>The scaled latents of each image, (1, 4, h, w).</returns>
    internal IReadOnlyList<Tensor> Denoise(
        GenerationSettings options,
        IReadOnlyList<Generator> generators,
        IProgress<(int Step, int Steps)>? progress = null,
        CancellationToken cancellationToken = default
    )
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        using var plan = Samplers.Create(options.Sampler, scheduler, options.Steps, options.Eta);
        var first = options.Init is null ? 0 : options.SkippedSteps * plan.CallsPerStep;
        var isGuided = options.Guidance > 1;
        var together = ImagesPerCall(model.Device, generators.Count);
        var steps = options.Steps - (options.Init is null ? 0 : options.SkippedSteps);
        var conditions = conditioning.EncodeSteps(options, isGuided, together, steps);
        var runs = new List<ImageRun>();
        try
        {
            Start(options, generators, first, runs);
            progress?.Report((0, plan.Timesteps.Count - first));
            for (var call = first; call < plan.Timesteps.Count; call++)
            {
                cancellationToken.ThrowIfCancellationRequested();
                var condition = conditions[Math.Min((call - first) / plan.CallsPerStep, steps - 1)];
                foreach (var part in runs.Chunk(together))
                    Step(options, part, call, plan.Timesteps[call], condition, isGuided);
                progress?.Report((call + 1 - first, plan.Timesteps.Count - first));
            }

            return [.. runs.Select(run => run.Latents.alias().MoveToOuterDisposeScope())];
        }
        finally
        {
            foreach (var run in runs)
                run.Dispose();
        }
    }

    private RgbImage Decode(Tensor latents)
    {
        using var scope = NewDisposeScope();
        var pixels = HostCopy.Of(TiledVae.Decode(model, latents));
        // A cast to bytes would make it a black image, which looks like a result.
        return pixels.isfinite().all().item<bool>()
            ? ToImage(pixels)
            : throw new TextualInversionException(
                "The image came out as NaN or infinity, not as colors, and is not written. Try a smaller guidance "
                    + "scale, weights nearer to 1 in the prompt, another sampler, more steps, or fp32 precision; an "
                    + "embedding with huge values does it too."
            );
    }

    /// <summary>Converts pixels to bytes.</summary>
    /// <param name="pixels">(1, 3, H, W), approximately in [-1, 1], on the CPU.</param>
    internal static RgbImage ToImage(Tensor pixels)
    {
        using var scope = NewDisposeScope();
        var unit = pixels.squeeze(0).DividedBy(2).Plus(0.5).Clamped(0, 1).permute(1, 2, 0); // (H, W, 3)
        var bytes = unit.Times(255).round().to(ScalarType.Byte).contiguous();
        return new RgbImage(bytes.data<byte>().ToArray(), (int)bytes.shape[1], (int)bytes.shape[0]);
    }

    private void Start(GenerationSettings options, IReadOnlyList<Generator> generators, int first, List<ImageRun> runs)
    {
        long[] shape = [1, 4, options.Height / model.PixelsPerCell, options.Width / model.PixelsPerCell];
        using var start = options.Init is { } init
            ? TiledVae.Encode(model, InitImage.ToPixels(init, options.Width, options.Height).to(model.Device))
            : null;
        foreach (var generator in generators)
        {
            var sampler = Samplers.Create(options.Sampler, scheduler, options.Steps, options.Eta);
            runs.Add(
                start is null
                    ? new ImageRun(sampler, generator, shape, model.Device)
                    : new ImageRun(sampler, generator, start.Mean, start.Std, first)
            );
        }
    }

    private void Step(
        GenerationSettings options,
        ImageRun[] runs,
        int call,
        float timestep,
        Conditioning condition,
        bool isGuided
    )
    {
        using var scope = NewDisposeScope();
        var prediction = Predict(
            options,
            cat([.. runs.Select(run => run.Input(call))], dim: 0),
            timestep,
            condition,
            isGuided
        ); // (B, 4, h, w)
        for (var i = 0; i < runs.Length; i++)
            runs[i].Step(prediction.narrow(0, i, 1), call);
    }

    /// <summary>Predicts the noise, with guidance if wanted.</summary>
    /// <param name="options">The guidance settings.</param>
    /// <param name="latents">(B, 4, h, w).</param>
    /// <param name="timestep">The timestep of the call.</param>
    /// <param name="condition">The conditioning of B images, or with guidance of 2 B.</param>
    /// <param name="isGuided">Whether there is guidance.</param>
    /// <returns>(B, 4, h, w).</returns>
    private Tensor Predict(
        GenerationSettings options,
        Tensor latents,
        float timestep,
        Conditioning condition,
        bool isGuided
    )
    {
        using var scope = NewDisposeScope();
        var input = isGuided ? cat([latents, latents], dim: 0) : latents; // (2 B, 4, h, w)
        var timesteps = TensorArithmetic.Filled(input.shape[0], timestep, model.Device);
        var prediction = model.PredictNoise(input, timesteps, condition);
        if (isGuided)
        {
            var halves = prediction.chunk(2, dim: 0); // 2 x (B, 4, h, w)
            prediction = Guidance.Apply(halves[0], halves[1], options.Guidance, options.GuidanceRescale);
        }

        return prediction.MoveToOuterDisposeScope();
    }
}
