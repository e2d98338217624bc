namespace TextualInversion.Cli.Infrastructure;

/// <summary>
/// What other tools call our options: diffusers' training scripts, the original textual_inversion repository, the
/// WebUI, kohya's scripts and stable-diffusion's txt2img.
/// </summary>
internal static class ForeignNames
{
    // From a name, lower-case and with - for _, to our options; a command has at most one of them or the first counts.
    private static readonly Dictionary<string, string[]> Ours = new()
    {
        ["lr"] = ["--learning-rate"],
        ["optimizer-type"] = ["--optimizer"],
        ["lr-scheduler"] = ["--lr-schedule"],
        ["lr-warmup-steps"] = ["--warmup"],
        ["train-data-dir"] = ["--images"],
        ["instance-data-dir"] = ["--images"],
        ["data-root"] = ["--images"],
        ["dataset"] = ["--images"],
        ["input"] = ["--images", "--init-image"],
        ["image"] = ["--images", "--init-image"],
        ["placeholder-token"] = ["--token"],
        ["placeholder-string"] = ["--token"],
        ["placeholder"] = ["--token", "--trigger"],
        ["trigger"] = ["--token"],
        ["token-string"] = ["--token"],
        ["initializer-token"] = ["--initializer"],
        ["initializer-word"] = ["--initializer"],
        ["init-word"] = ["--initializer"],
        ["init-text"] = ["--initializer"],
        ["num-vectors"] = ["--vectors"],
        ["num-vectors-per-token"] = ["--vectors"],
        ["vectors-per-token"] = ["--vectors"],
        ["max-train-steps"] = ["--steps"],
        ["max-steps"] = ["--steps"],
        ["train-steps"] = ["--steps"],
        ["iterations"] = ["--steps"],
        ["num-inference-steps"] = ["--steps"],
        ["sampling-steps"] = ["--steps"],
        ["ddim-steps"] = ["--steps"],
        ["train-batch-size"] = ["--batch"],
        ["batch-size"] = ["--batch"],
        ["bs"] = ["--batch"],
        ["gradient-accumulation-steps"] = ["--accumulate"],
        ["grad-accum"] = ["--accumulate"],
        ["max-gradient-norm"] = ["--max-grad-norm", "--clip"],
        ["gradient-clip"] = ["--max-grad-norm", "--clip"],
        ["clip"] = ["--max-grad-norm", "--clip-model"],
        ["adam-beta1"] = ["--betas"],
        ["adam-beta2"] = ["--betas"],
        ["adam-weight-decay"] = ["--weight-decay"],
        ["adam-epsilon"] = ["--epsilon"],
        ["ema-decay"] = ["--ema"],
        ["learnable-property"] = ["--property"],
        ["what-to-teach"] = ["--property"],
        ["template-file"] = ["--templates"],
        ["save-steps"] = ["--save-every"],
        ["checkpointing-steps"] = ["--save-every"],
        ["validation-steps"] = ["--sample-every"],
        ["validation-prompt"] = ["--sample-prompt"],
        ["num-validation-images"] = ["--sample-count"],
        ["resume-from-checkpoint"] = ["--resume"],
        ["center-crop"] = ["--crop"],
        ["random-flip"] = ["--flip"],
        ["flip-aug"] = ["--flip"],
        ["shuffle-caption"] = ["--shuffle-tags"],
        ["caption-dropout"] = ["--drop-tags"],
        ["min-snr-gamma"] = ["--snr-gamma"],
        ["mixed-precision"] = ["--precision"],
        ["dtype"] = ["--precision"],
        ["cfg"] = ["--guidance"],
        ["cfg-scale"] = ["--guidance"],
        ["guidance-scale"] = ["--guidance"],
        ["scale"] = ["--guidance"],
        ["sampler-name"] = ["--sampler"],
        ["sampling-method"] = ["--sampler"],
        ["scheduler"] = ["--sampler"],
        ["pretrained-model-name-or-path"] = ["--model"],
        ["pretrained-model"] = ["--model"],
        ["model-id"] = ["--model"],
        ["ckpt"] = ["--model"],
        ["checkpoint"] = ["--model"],
        ["vae-path"] = ["--vae"],
        ["output-dir"] = ["--output"],
        ["output-name"] = ["--name"],
        ["outdir"] = ["--output"],
        ["out"] = ["--output"],
        ["o"] = ["--output"],
        ["n"] = ["--count"],
        ["num"] = ["--count"],
        ["num-images"] = ["--count"],
        ["num-images-per-prompt"] = ["--count"],
        ["num-samples"] = ["--count"],
        ["n-samples"] = ["--count"],
        ["n-iter"] = ["--count"],
        ["batch-count"] = ["--count"],
        ["p"] = ["--prompt"],
        ["negative-prompt"] = ["--negative"],
        ["w"] = ["--width"],
        ["init-img"] = ["--init-image"],
        ["denoising-strength"] = ["--strength"],
        ["denoise"] = ["--strength"],
        ["embeddings"] = ["--embedding"],
        ["embedding-dir"] = ["--embedding"],
        ["format"] = ["--to"],
        ["layout"] = ["--to"],
        ["f"] = ["--overwrite"],
        ["force"] = ["--overwrite"],
        ["q"] = ["--quiet"],
        ["gpu"] = ["--device"],
    };

    /// <summary>The options of <c>ti</c> that another program's name may mean, by that name.</summary>
    public static IReadOnlyDictionary<string, string[]> All => Ours;

    /// <summary>The option that another tool's name means, or null if none of these options does.</summary>
    /// <param name="typed">The option as it was typed, such as <c>--learning_rate</c>.</param>
    /// <param name="options">The options of the command.</param>
    public static string? Find(string typed, IReadOnlyCollection<string> options)
    {
        var name = Plain(typed);
        if (options.FirstOrDefault(option => Plain(option) == name) is { } same)
            return same;
        return Ours.GetValueOrDefault(name)?.FirstOrDefault(options.Contains);
    }

    private static string Plain(string option) => option.TrimStart('-').Replace('_', '-').ToLowerInvariant();
}
