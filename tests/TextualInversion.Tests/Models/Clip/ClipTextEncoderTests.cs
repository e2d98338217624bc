using TextualInversion.Checkpoints;
using TextualInversion.Models.Clip;
using TextualInversion.Tests.Fixtures;
using static TorchSharp.torch;

namespace TextualInversion.Tests.Models.Clip;

[Trait("Category", Goldens.Category)]
public sealed class ClipTextEncoderTests
{
    public static TheoryData<string> Names => GoldenModel.Names;

    /// <summary>Each text encoder of each model; the values of the second are under <c>text2</c>.</summary>
    public static TheoryData<string, string> Encoders
    {
        get
        {
            var data = new TheoryData<string, string>();
            foreach (var name in GoldenModel.Names)
            {
                foreach (var suffix in new GoldenModel(name).TextSuffixes)
                    data.Add(name, suffix);
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Encoders))]
    public void Forward_GoldenPrompts_EqualsTransformers(string name, string suffix)
    {
        using var scope = NewDisposeScope();
        var golden = new GoldenModel(name).Numbers;
        var key = suffix.Length == 0 ? "text" : "text2";
        using var encoder = new GoldenModel(name).TextEncoder(suffix);
        var ids = golden.Read($"{key}.ids");

        var states = encoder.Forward(ids, rows: null, encoder.TokenEmbedding.shape[0]);

        var pooled = ClipTextEncoder.Pool(states.Last, EndOfText(ids));
        Goldens.AssertClose(golden.Read($"{key}.penultimate"), states.Penultimate, 1e-4, "penultimate");
        if (suffix.Length == 0)
            Goldens.AssertClose(golden.Read($"{key}.last_hidden_state"), states.Last, 1e-4, "last_hidden_state");
        else
            Goldens.AssertClose(golden.Read($"{key}.text_embeds"), encoder.Project(pooled), 1e-4, "text_embeds");
        if (golden.Tensors.ContainsKey($"{key}.pooler_output"))
            Goldens.AssertClose(golden.Read($"{key}.pooler_output"), pooled, 1e-4, "pooler_output");
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Forward_RowsThatRepeatWords_EqualsThoseWords(string name)
    {
        using var scope = NewDisposeScope();
        using var encoder = new GoldenModel(name).TextEncoder();
        var ids = new GoldenModel(name).Numbers.Read("text.ids").clone();
        var expected = encoder.Forward(ids, rows: null, encoder.TokenEmbedding.shape[0]).Last;
        var vocabularySize = encoder.TokenEmbedding.shape[0];
        long first = ids[0, 2].item<long>(),
            second = ids[2, 4].item<long>();
        var rows = encoder.TokenEmbedding.index_select(0, tensor(new[] { first, second }));
        var replaced = where(
            ids.eq(first),
            tensor(vocabularySize),
            where(ids.eq(second), tensor(vocabularySize + 1), ids)
        );

        var states = encoder.Forward(replaced, rows, vocabularySize).Last;

        Assert.True(replaced.ge(vocabularySize).sum().item<long>() >= 2);
        Goldens.AssertClose(expected, states, 1e-6, "states");
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Forward_TwoRows_GradientReachesEach(string name)
    {
        using var scope = NewDisposeScope();
        using var encoder = new GoldenModel(name).TextEncoder();
        var ids = new GoldenModel(name).Numbers.Read("text.ids").clone();
        var vocabularySize = encoder.TokenEmbedding.shape[0];
        ids[0, 3] = vocabularySize;
        ids[2, 5] = vocabularySize + 1;
        var rows = zeros(2, encoder.Width, requires_grad: true);

        encoder.Forward(ids, rows, vocabularySize).Last.square().sum().backward();

        Assert.All(rows.grad!.norm(1).data<float>().ToArray(), norm => Assert.True(norm > 0));
    }

    [Fact]
    public void Pool_TwoEndsOfText_TakesTheOneGiven()
    {
        using var scope = NewDisposeScope();
        var states = arange(2 * 3 * 2, ScalarType.Float32).view(2, 3, 2);

        Assert.Equal(
            [2f, 3f, 10f, 11f],
            ClipTextEncoder.Pool(states, tensor(new long[] { 1, 2 })).data<float>().ToArray()
        );
    }

    [Theory]
    [InlineData(0, 2, 4, "hidden_size is 0; it must be a whole number from 1")]
    [InlineData(6, 0, 3, "num_hidden_layers is 0; it must be a whole number from 1")]
    [InlineData(6, 2, 4, "num_attention_heads is 4; it must be a divisor of hidden_size, 6")]
    public void Validate_ConfigOfNoNetwork_NamesTheKey(int size, int layers, int heads, string expected)
    {
        var config = new GoldenModel("sd1").Folder.Config<ClipTextConfig>("text_encoder") with
        {
            HiddenSize = size,
            NumHiddenLayers = layers,
            NumAttentionHeads = heads,
        };

        var error = Assert.Throws<TextualInversionException>(() => config.Validate(new ConfigCheck("config.json")));

        Assert.Contains(expected, error.Message);
    }

    // The reference prompts have no placeholder token, so the largest id is the end of text. It may also be the
    // padding; the first one counts.
    private static Tensor EndOfText(Tensor ids) => ids.eq(ids.max()).to(ScalarType.Int64).argmax(1);
}
