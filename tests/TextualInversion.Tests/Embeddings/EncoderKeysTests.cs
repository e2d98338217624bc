using TextualInversion.Embeddings;
using TextualInversion.Tensors;
using TextualInversion.Tests.Fixtures;
using static TorchSharp.torch;

namespace TextualInversion.Tests.Embeddings;

public sealed class EncoderKeysTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("emp_params:768 emp_params_out:768", "768", "OneTrainer", "emp_params_out", "")]
    [InlineData(
        "clip_l:768 clip_g:1280 clip_l_out:768 clip_g_out:1280",
        "768 1280",
        "OneTrainer",
        "clip_g_out clip_l_out",
        ""
    )]
    [InlineData("clip_l:768 clip_g:1280 t5:4096", "768 1280", "OneTrainer", "", "t5")]
    [InlineData("clip_l:768 t5xxl:4096 llama:4096", "768", "OneTrainer", "", "llama t5xxl")]
    [InlineData("text_encoders_0:768 text_encoders_1:1280", "768 1280", "pivotal tuning", "", "")]
    [InlineData("text_encoders_0:768", "768", "pivotal tuning", "", "")]
    public void Open_NamesOfEncoders_AreRecognized(
        string tensors,
        string widths,
        string origin,
        string outputs,
        string others
    )
    {
        using var file = EmbeddingFile.Open(Write("a.safetensors", tensors));
        Assert.Equal(widths, string.Join(' ', file.Embedding.Widths));
        Assert.Equal(origin, file.Origin);
        Assert.Equal(outputs, string.Join(' ', file.OutputKeys));
        Assert.Equal(others, string.Join(' ', file.UnusedKeys));
        Assert.Equal("a", file.Embedding.Trigger);
    }

    [Theory]
    [InlineData("emp_params_out:768", "only output embeddings (emp_params_out)")]
    [InlineData("clip_l_out:768 clip_g_out:1280", "only output embeddings")]
    [InlineData("t5:4096", "for the text encoders t5")]
    public void Open_NoInputOfAClipEncoder_IsRefusedByName(string tensors, string expected)
    {
        var path = Write("a.safetensors", tensors);
        var problem = Assert.Throws<TextualInversionException>(() => EmbeddingFile.Open(path));
        Assert.Contains(expected, problem.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_OutputEmbeddings_AreRefusedForUse()
    {
        var path = Write("a.safetensors", "emp_params:768 emp_params_out:768");
        var problem = Assert.Throws<TextualInversionException>(() => EmbeddingFile.Read(path));
        Assert.Contains("emp_params_out", problem.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void OpenAll_Pack_IsEachEmbedding()
    {
        var path = Write("pack.safetensors", "<a>:128 <b>:128 sks:128");
        var files = EmbeddingFile.OpenAll(path);
        Assert.Equal(["<a>", "<b>", "sks"], files.Select(file => file.Embedding.Trigger));
        foreach (var file in files)
            file.Dispose();
        var problem = Assert.Throws<TextualInversionException>(() => EmbeddingFile.Open(path));
        Assert.Contains("has 3 embeddings (<a>, <b>, sks)", problem.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("a.weight:128 b.weight:128")]
    [InlineData("<a>:128 <b>:64")]
    public void Open_OtherTensors_AreNotAPack(string tensors)
    {
        var path = Write("model.safetensors", tensors);
        var problem = Assert.Throws<TextualInversionException>(() => EmbeddingFile.Open(path));
        Assert.Contains("not a recognized embedding format", problem.Message, StringComparison.Ordinal);
    }

    /// <summary>Writes a file from a list of name:width, one vector each.</summary>
    private string Write(string name, string tensors)
    {
        var all = tensors
            .Split(' ')
            .Select(text => text.Split(':'))
            .ToDictionary(pair => pair[0], pair => ones([1, long.Parse(pair[1])]));
        SafetensorsFile.Write(folder.File(name), all, new Dictionary<string, string>(), overwrite: false);
        return folder.File(name);
    }
}
