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
        using var written = EmbeddingSamples.New(layout);
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
        using var embedding = EmbeddingSamples.New(layout);
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
    [InlineData(EmbeddingFormat.Diffusers)]
    [InlineData(EmbeddingFormat.Sdxl)]
    [InlineData(EmbeddingFormat.WebUiSafetensors)]
    public void Write_TorchEnding_IsATorchFile(EmbeddingFormat layout)
    {
        using var embedding = EmbeddingSamples.New(layout);
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
}
