using TextualInversion.Models;
using TextualInversion.Tests.Fixtures;
using static TorchSharp.torch;

namespace TextualInversion.Tests.Models;

[Trait("Category", Goldens.Category)]
public sealed class ClipTextEncoderTests
{
    [Fact]
    public void Forward_GoldenPrompts_EqualsTransformers()
    {
        using var scope = NewDisposeScope();
        var golden = Goldens.Open("sd1.safetensors");
        using var encoder = GoldenModel.TextEncoder();
        var ids = golden.Read("text.ids");

        var states = encoder.Forward(ids, rows: null, encoder.TokenEmbedding.shape[0]);

        Goldens.AssertClose(golden.Read("text.last_hidden_state"), states, 1e-4, "last_hidden_state");
        var endOfText = ids.eq(ids.max()).to(ScalarType.Int64).argmax(1); // no placeholder here: the largest id is end-of-text
        Goldens.AssertClose(golden.Read("text.pooler_output"), ClipTextEncoder.Pool(states, endOfText), 1e-4, "pooler_output");
    }

    [Fact]
    public void Forward_RowsThatRepeatWords_EqualsThoseWords()
    {
        using var scope = NewDisposeScope();
        using var encoder = GoldenModel.TextEncoder();
        var ids = Goldens.Open("sd1.safetensors").Read("text.ids").clone();
        var expected = encoder.Forward(ids, rows: null, encoder.TokenEmbedding.shape[0]);
        var vocabularySize = encoder.TokenEmbedding.shape[0];
        long first = ids[0, 2].item<long>(), second = ids[2, 4].item<long>();
        var rows = encoder.TokenEmbedding.index_select(0, tensor(new[] { first, second }));
        var replaced = where(ids.eq(first), tensor(vocabularySize), where(ids.eq(second), tensor(vocabularySize + 1), ids));

        var states = encoder.Forward(replaced, rows, vocabularySize);

        Assert.True(replaced.ge(vocabularySize).sum().item<long>() >= 2);
        Goldens.AssertClose(expected, states, 1e-6, "states");
    }

    [Fact]
    public void Forward_TwoRows_GradientReachesEach()
    {
        using var scope = NewDisposeScope();
        using var encoder = GoldenModel.TextEncoder();
        var ids = Goldens.Open("sd1.safetensors").Read("text.ids").clone();
        var vocabularySize = encoder.TokenEmbedding.shape[0];
        ids[0, 3] = vocabularySize;
        ids[2, 5] = vocabularySize + 1;
        var rows = zeros(2, encoder.Width, requires_grad: true);

        encoder.Forward(ids, rows, vocabularySize).square().sum().backward();

        Assert.All(rows.grad!.norm(1).data<float>().ToArray(), norm => Assert.True(norm > 0));
    }
}
