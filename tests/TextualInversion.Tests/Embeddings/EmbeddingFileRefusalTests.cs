using System.Text.Json;
using TextualInversion.Embeddings;
using TextualInversion.Tensors;
using TextualInversion.Tests.Fixtures;
using static TorchSharp.torch;

namespace TextualInversion.Tests.Embeddings;

/// <summary>Files that are not embeddings, and embeddings that a layout cannot store.</summary>
public sealed class EmbeddingFileRefusalTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public static TheoryData<EmbeddingFormat> Layouts => [.. Enum.GetValues<EmbeddingFormat>()];

    public void Dispose() => folder.Dispose();

    [Theory]
    [MemberData(nameof(Layouts))]
    public void Open_Truncated_IsRefused(EmbeddingFormat layout)
    {
        using var embedding = EmbeddingSamples.New(layout);
        var path = folder.File("file");
        EmbeddingFile.Write(path, layout, embedding, overwrite: false);
        var bytes = File.ReadAllBytes(path);
        // The image may be cut off; the embedding comes before it.
        var end = layout == EmbeddingFormat.Png ? bytes.AsSpan().IndexOf("IDAT"u8) - 4 : bytes.Length;
        for (var length = 0; length < end; length += 1 + (end / 40))
        {
            File.WriteAllBytes(path, bytes[..length]);
            Assert.StartsWith(
                path,
                Assert.Throws<TextualInversionException>(() => EmbeddingFile.Open(path)).Message,
                StringComparison.Ordinal
            );
        }
    }

    [Theory]
    [InlineData("is a LoRA without embeddings", "lora_unet_x.lora_down.weight", "lora_unet_x.lora_up.weight")]
    [InlineData("is a LoRA without embeddings", "unet.x.lora_A.weight", "unet.x.lora_B.weight")]
    [InlineData("has other vectors for each block of the U-Net", "IN01", "IN02", "MID", "OUT03", "OUT11")]
    public void OpenAll_OtherUsesOfVectors_AreNamed(string expected, params string[] keys)
    {
        using var scope = NewDisposeScope();
        var path = folder.File("file.safetensors");
        SafetensorsFile.Write(
            path,
            keys.ToDictionary(key => key, _ => ones(2, 768)),
            new Dictionary<string, string>(),
            overwrite: false
        );
        Assert.StartsWith(
            $"{path}: {expected}",
            Assert.Throws<TextualInversionException>(() => EmbeddingFile.OpenAll(path)).Message,
            StringComparison.Ordinal
        );
    }

    [Theory]
    [InlineData("RIFF\u0001\0\0\0WEBPVP8L", true)]
    [InlineData("GIF89a and more", true)]
    [InlineData("RIFF and", false)]
    public void Open_AnotherImageThanPng_SaysSo(string content, bool isImage)
    {
        var path = folder.Write("card.webp", content);
        var message = Assert.Throws<TextualInversionException>(() => EmbeddingFile.Open(path)).Message;
        Assert.Equal(isImage, message.StartsWith($"{path}: is an image; ", StringComparison.Ordinal));
    }

    [Fact]
    public void Open_NeitherTorchNorSafetensors_SaysSo()
    {
        var path = folder.Write("my-cat.pt", "these are not the vectors");
        Assert.StartsWith(
            $"{path}: is not a torch file, which is a zip archive or a pickle",
            Assert.Throws<TextualInversionException>(() => EmbeddingFile.Open(path)).Message,
            StringComparison.Ordinal
        );
    }

    [Theory]
    [InlineData(
        "{\"lora_down.weight\":[4,4],\"lora_up.weight\":[4,4],\"alpha\":[]}",
        "not a recognized embedding format; found alpha [], lora_down.weight [4, 4]"
    )]
    [InlineData("{\"x\":[2,3,4]}", "x [2, 3, 4] is not an embedding")]
    [InlineData("{\"x\":[0,4]}", "x [0, 4] is not an embedding")]
    [InlineData("{\"clip_g\":[2,5],\"clip_l\":[1,3]}", "has 1 vectors in clip_l and 2 in clip_g")]
    public void Open_OtherTensors_SaysWhatTheyAre(string shapes, string message)
    {
        using var scope = NewDisposeScope();
        using var json = JsonDocument.Parse(shapes);
        Write(
            "file.safetensors",
            [
                .. json
                    .RootElement.EnumerateObject()
                    .Select(entry =>
                        (entry.Name, zeros([.. entry.Value.EnumerateArray().Select(size => size.GetInt64())]))
                    ),
            ]
        );
        Assert.Contains(message, Refusal("file.safetensors"));
    }

    [Fact]
    public void Open_NotANumber_SaysSo()
    {
        using var scope = NewDisposeScope();
        Write("file.safetensors", ("<x>", full([1, 4], float.NaN)));
        Assert.Contains("NaN", Refusal("file.safetensors"));
    }

    [Fact]
    public void Open_IntegersOrTooLarge_SaysSo()
    {
        using var scope = NewDisposeScope();
        Write("file.safetensors", ("<x>", zeros(1, 4, ScalarType.Int64)));
        Assert.Contains("contains Int64", Refusal("file.safetensors"));
        Write("file.safetensors", ("<x>", zeros(5000, 1000, ScalarType.Float16)));
        Assert.Contains("too large", Refusal("file.safetensors"));
    }

    [Fact]
    public void Write_OtherNumberOfEncoders_SaysWhichLayoutToChoose()
    {
        using var embedding = EmbeddingSamples.New(EmbeddingFormat.Sdxl);
        Assert.EndsWith(
            "choose sdxl.",
            Assert
                .Throws<TextualInversionException>(() =>
                    EmbeddingFile.Write(folder.File("x"), EmbeddingFormat.WebUi, embedding, overwrite: false)
                )
                .Message
        );
    }

    [Theory]
    [InlineData("emb_params")]
    [InlineData("__metadata__")]
    [InlineData("")]
    public void Write_TriggerThatMeansSomethingElse_IsRefused(string trigger)
    {
        using var embedding = EmbeddingSamples.New(EmbeddingFormat.Diffusers) with { Trigger = trigger };
        Assert.Contains(
            "choose another",
            Assert
                .Throws<TextualInversionException>(() =>
                    EmbeddingFile.Write(folder.File("x"), EmbeddingFormat.Diffusers, embedding, overwrite: false)
                )
                .Message
        );
        Assert.Empty(Directory.GetFiles(folder.Path));
    }

    [Fact]
    public void Write_TooLargeForTheType_IsRefused()
    {
        using var embedding = new LearnedEmbedding("<x>", [full([1, 4], 70000f)], new Dictionary<string, string>());
        Assert.Contains(
            "float16",
            Assert
                .Throws<TextualInversionException>(() =>
                    EmbeddingFile.Write(
                        folder.File("x"),
                        EmbeddingFormat.Diffusers,
                        embedding,
                        overwrite: false,
                        ScalarType.Float16
                    )
                )
                .Message
        );
        Assert.Empty(Directory.GetFiles(folder.Path));
    }

    private void Write(string name, params (string Name, Tensor Tensor)[] tensors) =>
        SafetensorsFile.Write(
            folder.File(name),
            tensors.ToDictionary(item => item.Name, item => item.Tensor),
            new Dictionary<string, string>(),
            overwrite: true
        );

    private string Refusal(string name) =>
        Assert.Throws<TextualInversionException>(() => EmbeddingFile.Open(folder.File(name))).Message;
}
