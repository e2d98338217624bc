using TextualInversion.Data;
using TextualInversion.Models;
using TextualInversion.Schedulers;
using static TorchSharp.torch;

namespace TextualInversion.Generation;

/// <summary>Pictures from prompts: latent diffusion (Rombach et al. 2022) with classifier-free guidance (Ho and Salimans 2022).</summary>
/// <param name="model">The frozen model.</param>
/// <param name="scheduler">Its noise schedule.</param>
/// <param name="tokenizers">With the placeholders of all embeddings.</param>
/// <param name="rows">(N, d) for each text encoder: the embeddings' rows in the placeholders' order; null without embeddings.</param>
public sealed class TextToImage(IDiffusionModel model, SchedulerConfig scheduler, PromptTokenizers tokenizers, IReadOnlyList<Tensor>? rows)
{
    /// <summary>One picture. The same seed and settings start from the same noise as in diffusers.</summary>
    /// <param name="options">what to draw</param>
    /// <param name="seed">of all noise</param>
    /// <param name="progress">told of each step taken</param>
    /// <param name="cancellationToken">ends the work between two steps</param>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    /// <exception cref="TextualInversionException">An option is out of range.</exception>
    public RgbPicture Generate(GenerateOptions options, ulong seed, IProgress<(int Step, int Steps)>? progress = null, CancellationToken cancellationToken = default)
    {
        options.Validate();
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        using var generator = new Generator(seed);
        long[] shape = [1, 4, options.Height / model.PixelsPerCell, options.Width / model.PixelsPerCell];
        var noise = randn(shape, generator: generator).to(model.Device);
        var latents = Denoise(options, noise, generator, progress, cancellationToken);
        return ToPicture(model.DecodeLatents(latents));
    }

    /// <summary>From noise to latents.</summary>
    /// <param name="options">what to draw</param>
    /// <param name="noise">(B, 4, h, w), standard normal: where each of B pictures starts</param>
    /// <param name="generator">of more noise, for samplers that add some</param>
    /// <returns>(B, 4, h, w), scaled</returns>
    internal Tensor Denoise(GenerateOptions options, Tensor noise, Generator generator, IProgress<(int Step, int Steps)>? progress = null, CancellationToken cancellationToken = default)
    {
        using var scope = NewDisposeScope();
        using var sampler = Samplers.Create(options.Sampler, scheduler, options.Steps);
        var isGuided = options.Guidance > 1;
        var pictures = (int)noise.shape[0];
        var conditioning = Encode(options.Prompt, pictures, options);
        if (isGuided) conditioning = Conditioning.Concatenate(EncodeNegative(conditioning, pictures, options), conditioning);
        var latents = noise * sampler.InitNoiseSigma;
        for (var i = 0; i < sampler.Timesteps.Count; i++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            using var step = NewDisposeScope();
            var input = sampler.ScaleModelInput(latents, i);
            if (isGuided) input = cat([input, input], dim: 0); // (2 B, 4, h, w)
            var timesteps = full(input.shape[0], sampler.Timesteps[i], device: model.Device);
            var prediction = model.PredictNoise(input, timesteps, conditioning);
            if (isGuided)
            {
                var halves = prediction.chunk(2, dim: 0); // 2 x (B, 4, h, w)
                prediction = halves[0] + options.Guidance * (halves[1] - halves[0]);
            }

            latents = sampler.Step(prediction, i, latents, generator).MoveToOuterDisposeScope();
            progress?.Report((i + 1, sampler.Timesteps.Count));
        }

        return latents.MoveToOuterDisposeScope();
    }

    /// <param name="pixels">(1, 3, H, W), about [-1, 1]</param>
    internal static RgbPicture ToPicture(Tensor pixels)
    {
        using var scope = NewDisposeScope();
        var unit = (pixels.squeeze(0) / 2 + 0.5).clamp(0, 1).permute(1, 2, 0); // (H, W, 3)
        var bytes = (unit * 255).round().to(ScalarType.Byte).cpu().contiguous();
        return new RgbPicture(bytes.data<byte>().ToArray(), (int)bytes.shape[1], (int)bytes.shape[0]);
    }

    private Conditioning EncodeNegative(Conditioning conditioning, int pictures, GenerateOptions options) =>
        options.Negative is null && model.MissingPromptIsZero ? conditioning.WithoutPrompts() : Encode(options.Negative ?? "", pictures, options);

    private Conditioning Encode(string prompt, int pictures, GenerateOptions options)
    {
        var geometry = PictureGeometry.Whole(options.Height, options.Width);
        return model.EncodePrompts(tokenizers.Tokenize([.. Enumerable.Repeat(prompt, pictures)]), rows, [.. Enumerable.Repeat(geometry, pictures)]);
    }
}
