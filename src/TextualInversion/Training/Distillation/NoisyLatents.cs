using TextualInversion.Schedulers;
using TextualInversion.Training.Data;
using static TorchSharp.torch;

namespace TextualInversion.Training.Distillation;

/// <summary>Latents with noise for which the U-Net is asked.</summary>
/// <param name="Latents">(B, 4, h, w).</param>
/// <param name="Timesteps">(B) int64.</param>
internal sealed record NoisyBatch(Tensor Latents, Tensor Timesteps) : IDisposable
{
    public void Dispose()
    {
        Latents.Dispose();
        Timesteps.Dispose();
    }
}

/// <summary>
/// Latents of images that the model generates itself, so that distilling needs no images: half of them with guidance by
/// the whole prompt (or away from a negative one), half without any prompt. One part is for learning, one for choosing
/// the best vectors, and one for the report.
/// </summary>
internal sealed class NoisyLatents : IDisposable
{
    private const int Learned = 6, // the latents of each part
        Checked = 2,
        Reported = 2;

    private const int MostSteps = 10; // of the sampler: noise is added to the images anyway

    private const int FixedBatches = 4; // of each part that is not learned from

    private readonly NoiseSchedule schedule;
    private readonly ulong seed;
    private readonly Tensor latents; // (Learned + Checked + Reported, 4, h, w)

    private NoisyLatents(NoiseSchedule schedule, ulong seed, Tensor latents) =>
        (this.schedule, this.seed, this.latents) = (schedule, seed, latents);

    /// <summary>The number of images.</summary>
    public static int Count => Learned + Checked + Reported;

    /// <summary>Generates the images' latents.</summary>
    /// <param name="prompts">The prompt.</param>
    /// <param name="schedule">The model's noise schedule.</param>
    /// <param name="options">The seed, the images' settings, and whether the prompt is negative.</param>
    /// <param name="progress">Receives the number of images that are done.</param>
    /// <param name="cancellationToken">Checked before each call of the model.</param>
    /// <exception cref="OperationCanceledException">It was canceled.</exception>
    public static NoisyLatents Generate(
        DistilledPrompts prompts,
        NoiseSchedule schedule,
        DistillationOptions options,
        IProgress<int>? progress,
        CancellationToken cancellationToken
    )
    {
        using var scope = NewDisposeScope();
        var guided = DistilledImages.Settings(options, prompts.Whole(DistilledPrompts.Alone)) with
        {
            Steps = Math.Min(options.Images.Steps, MostSteps),
        };
        var free = guided with { Prompt = "", Guidance = 1 };
        var images = prompts.Generator(schedule.Config, learned: null);
        var random = new StepRandom(options.Seed, RandomStream.Order, counter: -1);
        List<Tensor> all = [];
        for (var i = 0; i < Count; i++)
        {
            using var generator = random.Generator();
            var settings = i % 2 == 0 ? guided : free;
            all.Add(images.Denoise(settings, [generator], cancellationToken: cancellationToken)[0]); // (1, 4, h, w)
            progress?.Report(i + 1);
        }

        return new NoisyLatents(schedule, options.Seed, cat([.. all], dim: 0).DetachFromDisposeScope());
    }

    /// <summary>The batch of a step, from the part for learning.</summary>
    /// <param name="step">The step, counted from 0.</param>
    /// <param name="count">B.</param>
    public NoisyBatch OfStep(int step, int count)
    {
        var order = new StepRandom(seed, RandomStream.Order, step);
        var time = new StepRandom(seed, RandomStream.Timestep, step);
        // One timestep from each of B equal parts: the mean over a batch then varies less.
        var steps = schedule.AlphasCumprod.Count;
        var timesteps = Enumerable.Range(0, count).Select(i => (long)((i + time.Uniform()) * steps / count));
        return Noisy([.. timesteps.Select(_ => order.Index(Learned))], [.. timesteps], step);
    }

    /// <summary>The batches by which the best vectors are chosen.</summary>
    public IReadOnlyList<NoisyBatch> ForChoice() => Fixed(Learned, Checked, counter: -2);

    /// <summary>The batches of the report, from images and noise that nothing else uses.</summary>
    public IReadOnlyList<NoisyBatch> ForReport() => Fixed(Learned + Checked, Reported, counter: -3);

    public void Dispose() => latents.Dispose();

    /// <summary>Each latent of a part at evenly spread timesteps, and each batch over all of them.</summary>
    private List<NoisyBatch> Fixed(int first, int count, long counter)
    {
        var all = schedule.AlphasCumprod.Count;
        return
        [
            .. Enumerable
                .Range(0, FixedBatches)
                .Select(batch =>
                {
                    var timesteps = Enumerable
                        .Range(0, count)
                        .Select(i => (i + batch) % count)
                        .Select(part => (long)((part + ((batch + 0.5) / FixedBatches)) * all / count));
                    return Noisy([.. Enumerable.Range(first, count)], [.. timesteps], counter - (10 * batch));
                }),
        ];
    }

    private NoisyBatch Noisy(int[] images, long[] timesteps, long counter)
    {
        using var scope = NewDisposeScope();
        using var generator = new StepRandom(seed, RandomStream.Noise, counter).Generator();
        var device = latents.device;
        var places = tensor(images.Select(i => (long)i).ToArray(), device: device);
        var chosen = latents.index_select(0, places); // (B, 4, h, w)
        var noise = randn(chosen.shape, generator: generator).to(device);
        var times = tensor(timesteps, device: device);
        var noisy = schedule.AddNoise(chosen, noise, times);
        return new NoisyBatch(noisy.DetachFromDisposeScope(), times.DetachFromDisposeScope());
    }
}
