using TextualInversion.Tests.Fixtures;

namespace TextualInversion.Tests.Library;

[Trait("Category", Goldens.Category)]
public sealed class TranslateAsyncTests
{
    private static readonly float[,] Row = new float[1, 32];

    private static string Sd1 => Goldens.Path("models", "sd1");

    [Fact]
    public async Task TranslateAsync_SameVocabulary_CopiesTheVectorsAndKeepsTheLoras()
    {
        Row[0, 5] = 0.25f;
        var lora = new Lora("dots.safetensors", 0.5);
        var given = new Embedding("<my-cat>", [Row], new EmbeddingProvenance { BaseModel = Sd1, Loras = [lora] });

        var result = await given.TranslateAsync(Sd1, new TranslateOptions { Token = "<your-cat>" });

        Assert.Equal("<your-cat>", result.Embedding.Token);
        Assert.Equal(Row, Assert.Single(result.Embedding.Rows));
        Assert.Equal(0, Assert.Single(result.TextEncoders).CopiedFrom);
        Assert.Equal((Sd1, "<my-cat>"), (result.Embedding.Provenance.BaseModel, Origin(result)));
        Assert.Equal([lora], result.Embedding.Provenance.Loras);
        Assert.Empty(result.LostLoras);
    }

    [Fact]
    public async Task TranslateAsync_OtherVocabulary_MapsTheVectorsAndReportsHowWell()
    {
        var lora = new Lora("dots.safetensors");
        var given = new Embedding("<my-cat>", [Row], new EmbeddingProvenance { Loras = [lora] });

        var options = new TranslateOptions { FromModel = Sd1 };
        var result = await given.TranslateAsync(Goldens.Path("models", "sd2"), options);

        Assert.Equal((1, 48), (result.Embedding.Rows[0].GetLength(0), result.Embedding.Rows[0].GetLength(1)));
        var encoder = Assert.Single(result.TextEncoders);
        Assert.Null(encoder.CopiedFrom);
        Assert.InRange(encoder.Cosine!.Value, -1, 1);
        Assert.Empty(result.Embedding.Provenance.Loras);
        Assert.Equal([lora], result.LostLoras);
    }

    [Fact]
    public async Task TranslateAsync_UnknownOrigin_NamesTheOption()
    {
        var given = new Embedding("<my-cat>", [Row]);
        var error = await Assert.ThrowsAsync<TextualInversionException>(() => given.TranslateAsync(Sd1));
        Assert.Equal(nameof(TranslateOptions.FromModel), error.Parameter);
    }

    private static string Origin(TranslateResult result) => result.Embedding.Provenance.Others["translated_from"];
}
