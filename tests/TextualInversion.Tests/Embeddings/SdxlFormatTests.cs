using TextualInversion.Embeddings;
using TextualInversion.Tensors;
using TextualInversion.Tests.Fixtures;
using static TorchSharp.torch;

namespace TextualInversion.Tests.Embeddings;

public sealed class SdxlFormatTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    private string FilePath => folder.File("my-cat.safetensors");

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Read_WhatWriteWrote_IsTheSame()
    {
        using var scope = NewDisposeScope();
        using var written = new LearnedEmbedding(
            "<my-cat>",
            [rand(2, 3), rand(2, 5)],
            new Dictionary<string, string> { ["steps"] = "7" }
        );

        SdxlFormat.Write(FilePath, written, overwrite: false);

        var file = SafetensorsFile.Open(FilePath);
        Assert.True(SdxlFormat.Matches(file));
        Assert.Equal(["clip_g", "clip_l"], file.Tensors.Keys.Order());
        Assert.All(file.Tensors.Values, entry => Assert.Equal(ScalarType.Float32, entry.Type));
        using var read = EmbeddingFile.Read(FilePath);
        Assert.Equal("<my-cat>", read.Trigger);
        Assert.Equal("7", read.Provenance["steps"]);
        foreach (var (expected, actual) in written.Rows.Zip(read.Rows))
            Assert.Equal(expected.data<float>().ToArray(), actual.data<float>().ToArray());
    }

    [Fact]
    public void Read_FileOfAnotherProgram_TakesTheTriggerFromItsName()
    {
        Write(("clip_g", ones(1, 5, ScalarType.Float16)), ("clip_l", ones(1, 3, ScalarType.Float16)));

        using var read = EmbeddingFile.Read(FilePath);

        Assert.Equal("my-cat", read.Trigger);
        Assert.Equal([3L, 5L], read.Rows.Select(rows => rows.shape[1]));
        Assert.All(read.Rows, rows => Assert.Equal(ScalarType.Float32, rows.dtype));
    }

    [Fact]
    public void Read_Truncated_IsRefused()
    {
        Write(("clip_g", ones(2, 5)), ("clip_l", ones(2, 3)));
        using (var stream = File.OpenWrite(FilePath))
            stream.SetLength(stream.Length - 1);
        Assert.Contains("truncated", Refusal());
    }

    [Fact]
    public void Write_OneEncoder_IsTheCallersMistake()
    {
        using var embedding = new LearnedEmbedding("<x>", [zeros(1, 3)], new Dictionary<string, string>());
        Assert.Throws<ArgumentException>(() => SdxlFormat.Write(FilePath, embedding, overwrite: false));
    }

    private string Refusal() => Assert.Throws<TextualInversionException>(() => EmbeddingFile.Read(FilePath)).Message;

    private void Write(params (string Name, Tensor Tensor)[] tensors)
    {
        SafetensorsFile.Write(
            FilePath,
            tensors.ToDictionary(item => item.Name, item => item.Tensor),
            new Dictionary<string, string>(),
            overwrite: true
        );
        foreach (var (_, tensor) in tensors)
            tensor.Dispose();
    }
}
