using TextualInversion.Data;
using TextualInversion.Embeddings;
using TextualInversion.Tests.Fixtures;
using static TorchSharp.torch;

namespace TextualInversion.Tests.Embeddings;

public sealed class PngCardFormatTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    /// <summary>
    /// webui-hidden.png was made by <c>insert_image_data_embed</c> of the WebUI's image_embedding.py, without a text,
    /// from <c>numpy.random.default_rng(7).normal(0, 0.03, (2, 24))</c> in float32.
    /// </summary>
    [Fact]
    public void Open_DataHiddenInThePixels_IsRead()
    {
        using var file = EmbeddingFile.Open(
            Path.Combine(Goldens.Repository, "tests", "TextualInversion.Tests", "Fixtures", "webui-hidden.png")
        );
        Assert.Equal((EmbeddingFormat.Png, "hidden"), (file.Layout, file.Embedding.Trigger));
        Assert.Equal([2, 24], file.Embedding.Rows[0].shape);
        var values = file.Embedding.Rows[0].data<float>().ToArray();
        foreach (var (expected, actual) in new[] { 3.6905e-05, 8.9624e-03, -8.2241e-03, -2.6718e-02 }.Zip(values))
            Assert.Equal(expected, actual, 6);
        Assert.Equal(-0.4797, values.Sum(value => (double)value), 4);
        Assert.Equal(
            ("250", "81761151", "v1-5-pruned"),
            (
                file.Embedding.Provenance["steps"],
                file.Embedding.Provenance["sd_checkpoint"],
                file.Embedding.Provenance["sd_checkpoint_name"]
            )
        );
    }

    [Fact]
    public void Write_Card_IsAImageThatDecodes()
    {
        using var embedding = new LearnedEmbedding(
            "<x>",
            [tensor(new float[] { 0, 1, -1, 0.5f }, [2, 2])],
            new Dictionary<string, string>()
        );
        PngCardFormat.Write(folder.File("x.png"), embedding, overwrite: false);
        var image = ImageDecoder.Decode(folder.File("x.png"));
        Assert.Equal((2, 64), (image.WidthPixels, image.HeightPixels));
        Assert.Equal([128, 255], new[] { image.Pixels[0], image.Pixels[3] });
    }

    [Fact]
    public void IsCard_TextOfAnEmbedding_IsFoundAnywhereInTheFile()
    {
        var plain = folder.Write("plain.png", PngFile.Gray(8, 8, (x, y) => (byte)(x * y)));
        using var embedding = new LearnedEmbedding("<x>", [ones([1, 2])], new Dictionary<string, string>());
        PngCardFormat.Write(folder.File("first.png"), embedding, overwrite: false);
        var text = PngTextChunk.Make("sd-ti-embedding", "e30=");
        var content = File.ReadAllBytes(plain);
        var last = folder.Write("last.png", [.. content[..^12], .. text, .. content[^12..]]); // before IEND
        var cut = folder.Write("cut.png", content[..30]);

        Assert.Equal(
            [true, true, false, false, false],
            new[] { folder.File("first.png"), last, plain, cut, folder.File("missing.png") }.Select(
                PngCardFormat.IsCard
            )
        );
    }

    [Fact]
    public void Open_ImageWithoutEmbedding_SaysSo() =>
        Assert.Contains(
            "an image without an embedding",
            Assert
                .Throws<TextualInversionException>(() =>
                    EmbeddingFile.Open(Path.Combine(Goldens.Repository, "samples", "my-cat", "1.png"))
                )
                .Message
        );

    [Theory]
    [InlineData("no base64!")]
    [InlineData("bm8ganNvbg==")] // not JSON
    [InlineData("e30=")] // {}
    [InlineData("W10=")] // []
    [InlineData("eyJzdHJpbmdfdG9fcGFyYW0iOnsiKiI6eyJUT1JDSFRFTlNPUiI6W1sxLDJdLFszXV19fX0=")] // rows of two lengths
    [InlineData("eyJzdHJpbmdfdG9fcGFyYW0iOnsiKiI6eyJUT1JDSFRFTlNPUiI6W1siYSJdXX19fQ==")] // text instead of numbers
    public void Open_MalformedText_IsRefused(string text)
    {
        var path = folder.Write("x.png", [.. PngTextChunk.Signature, .. PngTextChunk.Make("sd-ti-embedding", text)]);
        Assert.StartsWith(
            $"{path}: the embedding in the image is damaged (",
            Assert.Throws<TextualInversionException>(() => EmbeddingFile.Open(path)).Message,
            StringComparison.Ordinal
        );
    }
}
