using System.Text.Json;
using TextualInversion.Embeddings;
using TextualInversion.Tensors;
using TextualInversion.Tests.Fixtures;
using static TorchSharp.torch;

namespace TextualInversion.Tests.Embeddings;

public sealed class EmbeddingFileTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public static TheoryData<string> GoldenFiles
    {
        get
        {
            using var json = Expected();
            return [.. json.RootElement.EnumerateObject().Select(file => file.Name)];
        }
    }

    public static TheoryData<EmbeddingFormat> Layouts => [.. Enum.GetValues<EmbeddingFormat>()];

    public static TheoryData<EmbeddingFormat, ScalarType> LayoutsAndTypes
    {
        get
        {
            var data = new TheoryData<EmbeddingFormat, ScalarType>();
            foreach (var layout in Enum.GetValues<EmbeddingFormat>())
            foreach (var type in new[] { ScalarType.Float32, ScalarType.Float16, ScalarType.BFloat16 })
                data.Add(layout, type);
            return data;
        }
    }

    public void Dispose() => folder.Dispose();

    [Theory]
    [MemberData(nameof(GoldenFiles))]
    [Trait("Category", Goldens.Category)]
    public void Open_GoldenFile_HoldsWhatIsExpected(string name)
    {
        using var json = Expected();
        var expected = json.RootElement.GetProperty(name);
        using var file = EmbeddingFile.Open(Goldens.Path("embeddings", name));

        var layout = EmbeddingFormats.Name(file.Layout);
        Assert.Equal(
            expected.GetProperty("layout").GetString(),
            layout switch
            {
                "webui-safetensors" => "emb_params",
                "png" => "webui-png",
                _ => layout,
            }
        );
        string[] keys = file.Layout == EmbeddingFormat.Sdxl ? ["clip_l", "clip_g"] : [""];
        var vectors = expected.GetProperty("vectors");
        Assert.Equal(keys.Order(), vectors.EnumerateObject().Select(entry => entry.Name).Order());
        foreach (var (key, rows) in keys.Zip(file.Embedding.Rows))
            AssertVectors(vectors.GetProperty(key), rows);
        Assert.Equal(keys.Length, file.Embedding.Rows.Count);
        if (expected.TryGetProperty("trigger", out var trigger))
            Assert.Equal(trigger.GetString(), file.Embedding.Trigger);
        if (expected.TryGetProperty("name", out var recorded))
            Assert.Equal(recorded.GetString(), file.Embedding.Trigger);
        if (expected.TryGetProperty("step", out var step))
            Assert.Equal(step.ToString(), file.Embedding.Provenance["steps"]);
    }

    [Theory]
    [MemberData(nameof(LayoutsAndTypes))]
    public void Open_WhatWriteWrote_IsTheSame(EmbeddingFormat layout, ScalarType type)
    {
        using var scope = NewDisposeScope();
        using var written = New(layout);
        var path = folder.File("my-cat" + EmbeddingFormats.Extension(layout));

        EmbeddingFile.Write(path, layout, written, overwrite: false, type);

        using var read = EmbeddingFile.Open(path);
        Assert.Equal((layout, layout == EmbeddingFormat.Png ? ScalarType.Float32 : type), (read.Layout, read.Type));
        Assert.Equal(layout == EmbeddingFormat.Bare ? "my-cat" : written.Trigger, read.Embedding.Trigger);
        foreach (var (expected, actual) in written.Rows.Zip(read.Embedding.Rows))
            Assert.Equal(
                expected.to(type).to(ScalarType.Float32).data<float>().ToArray(),
                actual.data<float>().ToArray()
            );
        var lost = EmbeddingFormats.DroppedFields(layout, path, written);
        foreach (var key in written.Provenance.Keys.Except(lost))
            Assert.Contains(written.Provenance[key], read.Embedding.Provenance.Values);
    }

    [Theory]
    [MemberData(nameof(Layouts))]
    public void Write_Twice_GivesTheSameBytesAndReplacesNothing(EmbeddingFormat layout)
    {
        using var embedding = New(layout);
        string first = folder.File("first"),
            second = folder.File("second");
        EmbeddingFile.Write(first, layout, embedding, overwrite: false);
        EmbeddingFile.Write(second, layout, embedding, overwrite: false);
        var bytes = File.ReadAllBytes(first);
        Assert.Equal(bytes, File.ReadAllBytes(second));
        Assert.Contains(
            "exists",
            Assert
                .Throws<TextualInversionException>(() =>
                    EmbeddingFile.Write(first, layout, embedding, overwrite: false)
                )
                .Message
        );
        Assert.Equal(bytes, File.ReadAllBytes(first));
    }

    [Theory]
    [MemberData(nameof(Layouts))]
    public void Open_Truncated_IsRefused(EmbeddingFormat layout)
    {
        using var embedding = New(layout);
        var path = folder.File("file");
        EmbeddingFile.Write(path, layout, embedding, overwrite: false);
        var bytes = File.ReadAllBytes(path);
        // The image may go, the embedding is before it
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
    [InlineData(EmbeddingFormat.Diffusers)]
    [InlineData(EmbeddingFormat.Sdxl)]
    [InlineData(EmbeddingFormat.WebUiSafetensors)]
    public void Write_TorchEnding_IsATorchFile(EmbeddingFormat layout)
    {
        using var embedding = New(layout);
        var path = folder.File("learned_embeds.bin");
        EmbeddingFile.Write(path, layout, embedding, overwrite: false);
        using var read = EmbeddingFile.Open(path);
        Assert.Equal((layout, EmbeddingContainer.Torch), (read.Layout, read.Container));
        Assert.Contains("steps", EmbeddingFormats.DroppedFields(layout, path, embedding));
    }

    [Fact]
    public void Open_PairOfDiffusersScript_HasBothEncoders()
    {
        using var scope = NewDisposeScope();
        Write("learned_embeds.safetensors", ("<x>", rand(2, 768)));
        Write("learned_embeds_2.safetensors", ("<x>", rand(2, 1280)));
        using var pair = EmbeddingFile.Read(folder.File("learned_embeds.safetensors"));
        Assert.Equal([768L, 1280], pair.Widths);
        using var second = EmbeddingFile.Read(folder.File("learned_embeds_2.safetensors"));
        Assert.Equal([1280L], second.Widths);
    }

    [Fact]
    public void Open_TwoTrainingsOfOneWidth_AreNoPair()
    {
        using var scope = NewDisposeScope();
        Write("cat.safetensors", ("<x>", rand(2, 768)));
        Write("cat_2.safetensors", ("<x>", rand(2, 768)));
        using var first = EmbeddingFile.Read(folder.File("cat.safetensors"));
        Assert.Equal([768L], first.Widths);
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
        using var embedding = New(EmbeddingFormat.Sdxl);
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
        using var embedding = New(EmbeddingFormat.Diffusers) with { Trigger = trigger };
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

    private static LearnedEmbedding New(EmbeddingFormat layout)
    {
        using var generator = new Generator(7);
        Tensor[] rows =
            EmbeddingFormats.Encoders(layout) == 2
                ? [randn([3, 4], generator: generator), randn([3, 6], generator: generator)]
                : [randn([3, 4], generator: generator)];
        return new LearnedEmbedding(
            "<my-cat>",
            [.. rows.Select(row => row.DetachFromDisposeScope())],
            new Dictionary<string, string>
            {
                ["steps"] = "70",
                ["base_model"] = "demo",
                ["seed"] = "1",
            }
        );
    }

    private static JsonDocument Expected() =>
        JsonDocument.Parse(File.ReadAllText(Goldens.Path("embeddings", "expected.json")));

    private static void AssertVectors(JsonElement expected, Tensor rows)
    {
        Assert.Equal(expected[0].EnumerateArray().Select(size => size.GetInt64()), rows.shape);
        var values = rows.data<float>().ToArray();
        foreach (var (value, actual) in expected[1].EnumerateArray().Select(value => value.GetDouble()).Zip(values))
            Assert.Equal(value, actual, 6);
        Assert.InRange(
            values.Sum(value => (double)value),
            expected[2].GetDouble() - 1e-4,
            expected[2].GetDouble() + 1e-4
        );
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
