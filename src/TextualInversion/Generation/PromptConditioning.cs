using TextualInversion.Models;
using TextualInversion.Models.Tokenizers;
using static TorchSharp.torch;

namespace TextualInversion.Generation;

/// <summary>Encodes a prompt and its negative prompt into the U-Net's conditioning.</summary>
/// <param name="model">The model with the text encoders.</param>
/// <param name="tokenizers">Tokenizers with the placeholder tokens of all embeddings.</param>
/// <param name="rows">
/// The vectors of all embeddings, (N, d) for each text encoder, or null if there are no embeddings.
/// </param>
internal sealed class PromptConditioning(
    IDiffusionModel model,
    PromptTokenizers tokenizers,
    IReadOnlyList<Tensor>? rows
)
{
    /// <summary>
    /// Concatenates the states of a prompt's chunks. The shorter of prompt and negative prompt is padded with empty
    /// chunks.
    /// </summary>
    /// <param name="options">Prompt, negative prompt, size and clip skip.</param>
    /// <param name="isGuided">Whether the negative prompt is used.</param>
    /// <param name="images">B, the number of images.</param>
    /// <returns>The conditioning of B images, or with guidance of 2 B, those of the negative prompt first.</returns>
    public Conditioning Encode(GenerationSettings options, bool isGuided, int images)
    {
        var prompt = Split(options.Prompt);
        if (!isGuided)
            return Encode(prompt, options).Repeat(images);
        if (options.Negative is null && model.ForceZerosForEmptyPrompt)
        {
            var only = Encode(prompt, options);
            return Conditioning.Concatenate(only.WithoutPrompts().Repeat(images), only.Repeat(images));
        }

        var negative = Split(options.Negative ?? "");
        FillUp(prompt, negative[0].Count);
        FillUp(negative, prompt[0].Count);
        return Conditioning.Concatenate(
            Encode(negative, options).Repeat(images),
            Encode(prompt, options).Repeat(images)
        );
    }

    /// <summary>
    /// As <see cref="Encode(GenerationSettings, bool, int)"/>, for each step of prompts that change; see
    /// <see cref="PromptSchedule"/>.
    /// </summary>
    /// <param name="options">Prompt, negative prompt, size and clip skip.</param>
    /// <param name="isGuided">Whether the negative prompt is used.</param>
    /// <param name="images">B, the number of images.</param>
    /// <param name="steps">The number of steps.</param>
    public IReadOnlyList<Conditioning> EncodeSteps(GenerationSettings options, bool isGuided, int images, int steps)
    {
        var prompts = PromptSchedule.Of(options.Prompt, steps);
        var negatives = options.Negative is { } negative ? PromptSchedule.Of(negative, steps) : null;
        var known = new Dictionary<(string, string?), Conditioning>();
        var conditions = new List<Conditioning>();
        for (var step = 0; step < steps; step++)
        {
            var texts = (prompts[step], negatives?[step]);
            if (!known.TryGetValue(texts, out var condition))
            {
                var ofStep = options with { Prompt = texts.Item1, Negative = texts.Item2 };
                known[texts] = condition = Encode(ofStep, isGuided, images);
            }

            conditions.Add(condition);
        }

        return conditions;
    }

    /// <summary>Splits a prompt for each text encoder.</summary>
    /// <returns>The chunks of the prompt, for each text encoder.</returns>
    private List<List<PromptChunk>> Split(string prompt) =>
        [.. tokenizers.Each.Select(tokenizer => PromptChunk.Split(prompt, tokenizer))];

    private void FillUp(List<List<PromptChunk>> chunks, int count)
    {
        for (var encoder = 0; encoder < chunks.Count; encoder++)
        {
            while (chunks[encoder].Count < count)
                chunks[encoder].Add(PromptChunk.Empty(tokenizers.Each[encoder]));
        }
    }

    private Conditioning Encode(List<List<PromptChunk>> chunks, GenerationSettings options)
    {
        var geometry = SizeConditioning.Whole(options.Height, options.Width);
        List<PromptTokens> prompts =
        [
            .. chunks.Select(parts => PromptTokens.Batch([.. parts.Select(part => part.Prompt)])),
        ];
        var encoded = model.EncodePrompts(
            prompts,
            rows,
            [.. Enumerable.Repeat(geometry, chunks[0].Count)],
            options.ClipSkip - 1
        );
        var states = Weigh(encoded.EncoderHiddenStates, chunks); // (n, S, D)
        states = states.reshape(1, -1, states.shape[2]); // (1, n S, D)
        return new Conditioning(
            states,
            encoded.Added is null
                ? null
                : new AddedConditioning(encoded.Added.PooledText.narrow(0, 0, 1), encoded.Added.TimeIds.narrow(0, 0, 1))
        );
    }

    /// <summary>
    /// Applies weights as the WebUI does
    /// (https://github.com/AUTOMATIC1111/stable-diffusion-webui/blob/master/modules/sd_emphasis.py, "Original"):
    /// multiplies each token's state by its weight, then scales each chunk of each encoder so that its mean is
    /// unchanged.
    /// </summary>
    private Tensor Weigh(Tensor states, List<List<PromptChunk>> chunks)
    {
        if (chunks.TrueForAll(parts => parts.TrueForAll(part => !part.IsWeighted)))
            return states;
        var weighed = new List<Tensor>();
        long offset = 0;
        for (var encoder = 0; encoder < chunks.Count; encoder++)
        {
            var width = model.Vocabularies[encoder].shape[1];
            var own = states.narrow(2, offset, width); // (n, S, d)
            var weights = tensor(
                chunks[encoder].SelectMany(part => part.Weights).ToArray(),
                [states.shape[0], states.shape[1], 1],
                device: states.device
            );
            var products = own * weights;
            weighed.Add(products * (own.mean([1, 2], keepdim: true) / products.mean([1, 2], keepdim: true)));
            offset += width;
        }

        return cat([.. weighed], dim: 2); // (n, S, D)
    }
}
