using TextualInversion.Tensors;
using TextualInversion.Tests.Fixtures;
using static TorchSharp.torch;

namespace TextualInversion.Tests.Tensors;

public sealed class ShardedTensorsTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    private string Index => folder.File("model.safetensors.index.json");

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Read_TwoShards_FindsEachTensorInItsOwn()
    {
        using var scope = NewDisposeScope();
        WriteShard("1.safetensors", "a", 1);
        WriteShard("2.safetensors", "b", 2);

        var tensors = Open(
            """{"metadata": {"total_size": 8}, "weight_map": {"a": "1.safetensors", "b": "2.safetensors"}}"""
        );

        Assert.Equal(Index, tensors.FilePath);
        Assert.Equal(["a", "b"], tensors.Tensors.Keys.Order());
        Assert.Equal([1L], tensors.Tensors["a"].Shape);
        Assert.Equal([1f, 2f], new[] { "a", "b" }.Select(name => tensors.Read(name).item<float>()));
        Assert.Contains("has no tensor c", Assert.Throws<TextualInversionException>(() => tensors.Read("c")).Message);
    }

    [Fact]
    public void Open_ShardMissing_NamesBothFiles() =>
        AssertError(
            $"{folder.File("2.safetensors")}: is missing, and model.safetensors.index.json names it; "
                + "the model's folder is incomplete",
            """{"weight_map": {"b": "2.safetensors"}}"""
        );

    [Fact]
    public void Open_TensorElsewhere_NamesIt()
    {
        WriteShard("1.safetensors", "a", 1);
        AssertError(
            $"{folder.File("1.safetensors")}: lacks the tensor b, which model.safetensors.index.json says is in it",
            """{"weight_map": {"b": "1.safetensors"}}"""
        );
    }

    [Theory]
    [InlineData("../1.safetensors")]
    [InlineData("..")]
    [InlineData(".")]
    [InlineData("")]
    [InlineData("/etc/passwd")]
    [InlineData("sub/1.safetensors")]
    [InlineData("..\\\\1.safetensors")]
    public void Open_NameThatLeavesTheFolder_IsRefused(string name)
    {
        WriteShard("1.safetensors", "a", 1);
        AssertError($"{Index}: names the file \"", $$"""{ "weight_map": { "a": "{{name}}" } }""");
    }

    [Theory]
    [InlineData("<html>")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("""{"weight_map": {}}""")]
    [InlineData("""{"weight_map": []}""")]
    [InlineData("""{"weight_map": {"a": null}}""")]
    [InlineData("""{"weight_map": {"a": 1}}""")]
    public void Open_NoIndex_NamesIt(string content) => AssertError($"{Index}: ", content);

    private void WriteShard(string name, string key, float value)
    {
        using var tensor = ones(1) * value;
        SafetensorsFile.Write(
            folder.File(name),
            new Dictionary<string, Tensor> { [key] = tensor },
            new Dictionary<string, string>(),
            overwrite: true
        );
    }

    private ShardedTensors Open(string content)
    {
        File.WriteAllText(Index, content);
        return ShardedTensors.Open(Index);
    }

    private void AssertError(string start, string content) =>
        Assert.StartsWith(
            start,
            Assert.Throws<TextualInversionException>(() => Open(content)).Message,
            StringComparison.Ordinal
        );
}
