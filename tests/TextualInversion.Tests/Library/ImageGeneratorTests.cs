using TextualInversion.Data;
using TextualInversion.Generation;
using TextualInversion.Tests.Fixtures;

namespace TextualInversion.Tests.Library;

[Trait("Category", Goldens.Category)]
public sealed class ImageGeneratorTests : IAsyncLifetime
{
    private static readonly GenerateOptions Small = new()
    {
        Steps = 2,
        Width = 16,
        Height = 16,
    };

    private StableDiffusionModel model = null!; // InitializeAsync loads it

    public async Task InitializeAsync() =>
        model = await StableDiffusionModel.LoadAsync(Goldens.Path("models", "sd1"), new LoadOptions { Device = "cpu" });

    public Task DisposeAsync()
    {
        model.Dispose();
        return Task.CompletedTask;
    }

    [Fact]
    public void Generate_SameSeed_GivesTheSameImage()
    {
        using var generator = model.CreateGenerator();

        var first = generator.Generate("a cat", seed: 7, Small);
        var again = generator.Generate("a cat", seed: 7, Small);
        var other = generator.Generate("a cat", seed: 8, Small);

        Assert.Equal((16, 16, 16 * 16 * 3), (first.Width, first.Height, first.Pixels.Length));
        Assert.Equal(first.Pixels.ToArray(), again.Pixels.ToArray());
        Assert.NotEqual(first.Pixels.ToArray(), other.Pixels.ToArray());
    }

    [Fact]
    public void Generate_TokenOfAnEmbedding_ChangesTheImage()
    {
        var rows = new float[2, 32];
        for (var i = 0; i < 32; i++)
            (rows[0, i], rows[1, i]) = (0.1f * i, -0.1f * i);
        using var with = model.CreateGenerator(new Embedding("<my-cat>", [rows]));
        using var without = model.CreateGenerator();

        Assert.NotEqual(Pixels(without, "a <my-cat>"), Pixels(with, "a <my-cat>"));
        Assert.Equal(Pixels(without, "a cat"), Pixels(with, "a cat"));

        static byte[] Pixels(ImageGenerator generator, string prompt) =>
            generator.Generate(prompt, seed: 1, Small).Pixels.ToArray();
    }

    [Fact]
    public void Save_Png_HoldsPixelsAndParameters()
    {
        using var folder = new TemporaryFolder();
        using var generator = model.CreateGenerator();
        var image = generator.Generate("a cat", seed: 3, Small);
        var path = folder.File("cat.png");

        image.Save(path);

        Assert.Equal(image.Pixels.ToArray(), ImageDecoder.Decode(path).Pixels);
        Assert.Equal(image.Parameters, ImageFile.ReadParameters(path));
        Assert.Equal("3", WebUiParameters.Parse(image.Parameters).Find("Seed"));
        Assert.Throws<TextualInversionException>(() => image.Save(path));
    }

    [Theory]
    [InlineData(nameof(GenerateOptions.Width))]
    [InlineData(nameof(GenerateOptions.Guidance))]
    [InlineData(nameof(GenerateOptions.ClipSkip))]
    public void Generate_OptionOutOfItsRange_Throws(string name)
    {
        using var generator = model.CreateGenerator();
        var wrong = name switch
        {
            nameof(GenerateOptions.Width) => Small with { Width = 17 },
            nameof(GenerateOptions.Guidance) => Small with { Guidance = -1 },
            _ => Small with { ClipSkip = 0 },
        };

        Assert.Throws<TextualInversionException>(() => generator.Generate("a cat", seed: 1, wrong));
    }

    [Fact]
    public void CreateGenerator_EmbeddingOfAnotherWidth_Throws() =>
        Assert.Throws<TextualInversionException>(() =>
            model.CreateGenerator(new Embedding("<my-cat>", [new float[1, 33]]))
        );

    [Fact]
    public void CreateGenerator_TwoOfOneToken_Throws()
    {
        var embedding = new Embedding("<my-cat>", [new float[1, 32]]);

        Assert.Throws<TextualInversionException>(() => model.CreateGenerator(embedding, embedding));
    }

    [Fact]
    public async Task GenerateAsync_Cancelled_Throws()
    {
        using var generator = model.CreateGenerator();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() =>
            generator.GenerateAsync("a cat", seed: 1, Small, new CancellationToken(canceled: true))
        );
    }
}
