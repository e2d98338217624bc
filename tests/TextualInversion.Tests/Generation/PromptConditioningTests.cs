using TextualInversion.Generation;
using TextualInversion.Models.Tokenizers;
using TextualInversion.Tests.Fixtures;
using static TorchSharp.torch;

namespace TextualInversion.Tests.Generation;

public sealed class PromptConditioningTests
{
    /// <summary>
    /// Expected: every text encoder's plain states times the weights, times the factor that restores the mean of the
    /// chunk.
    /// </summary>
    [Theory]
    [MemberData(nameof(GoldenModel.Names), MemberType = typeof(GoldenModel))]
    [Trait("Category", Goldens.Category)]
    public void Encode_WeightedPrompt_IsTheHandComputedConditioning(string name)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        using var model = new GoldenModel(name).Open();
        var tokenizers = new PromptTokenizers(model.Tokenizers, []);
        var conditioning = new PromptConditioning(model, tokenizers, rows: null);
        var plain = conditioning.Encode(Options("a red cat"), isGuided: false, images: 1);

        var weighted = conditioning.Encode(Options("a (red:1.5) cat"), isGuided: false, images: 1);

        var redBegins = 1 + tokenizers.First.Split("a").Count();
        var redEnds = redBegins + tokenizers.First.Split("red").Count();
        var expected = plain.EncoderHiddenStates.clone();
        expected.narrow(1, redBegins, redEnds - redBegins).mul_(1.5);
        long offset = 0;
        foreach (var vocabulary in model.Vocabularies)
        {
            var before = plain.EncoderHiddenStates.narrow(2, offset, vocabulary.shape[1]);
            var own = expected.narrow(2, offset, vocabulary.shape[1]);
            own.mul_(before.mean().item<float>() / own.mean().item<float>());
            offset += vocabulary.shape[1];
        }

        Goldens.AssertClose(expected, weighted.EncoderHiddenStates, 1e-5, name);
        if (plain.Added is not null)
            Goldens.AssertClose(plain.Added.PooledText, weighted.Added!.PooledText, 1e-6, "pooled");
    }

    [Theory]
    [MemberData(nameof(GoldenModel.Names), MemberType = typeof(GoldenModel))]
    [Trait("Category", Goldens.Category)]
    public void Encode_LongPromptAndShortNegative_HaveAsManyChunks(string name)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        using var model = new GoldenModel(name).Open();
        var tokenizers = new PromptTokenizers(model.Tokenizers, []);
        var conditioning = new PromptConditioning(model, tokenizers, rows: null);

        var both = conditioning.Encode(
            Options("a cat BREAK a dog BREAK a red cat") with
            {
                Negative = "blur",
            },
            isGuided: true,
            images: 2
        );

        var length = tokenizers.First.Tokenize("").Ids.Count;
        Assert.Equal([4, 3 * length], both.EncoderHiddenStates.shape[..2]);
        Check(0, "blur", 0);
        Check(0, "", 1);
        Check(2, "a cat", 0);
        Check(3, "a red cat", 2);
        if (both.Added is not null)
            Goldens.AssertClose(
                conditioning.Encode(Options("a cat"), false, 1).Added!.PooledText,
                both.Added.PooledText.narrow(0, 3, 1),
                1e-5,
                "pooled of the first chunk"
            );

        void Check(long image, string prompt, int chunk) =>
            Goldens.AssertClose(
                conditioning.Encode(Options(prompt), isGuided: false, images: 1).EncoderHiddenStates,
                both.EncoderHiddenStates.narrow(0, image, 1).narrow(1, chunk * length, length),
                1e-5,
                prompt
            );
    }

    private static GenerationSettings Options(string prompt) =>
        new()
        {
            Prompt = prompt,
            Sampler = SamplerKind.Ddim,
            Steps = 1,
            Guidance = 4,
            Width = 64,
            Height = 64,
        };
}
