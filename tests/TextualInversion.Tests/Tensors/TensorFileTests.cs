using TextualInversion.Tensors;
using TextualInversion.Tensors.Torch;
using TextualInversion.Tests.Fixtures;
using static TorchSharp.torch;

namespace TextualInversion.Tests.Tensors;

public sealed class TensorFileTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Open_TorchFilesWithAnyName_AreReadAsTorchFiles()
    {
        var pickle = TorchBytes.Dictionary(("x", TorchBytes.Tensor("0", "FloatStorage", 1, 0, [1], [1])));
        Assert.IsType<TorchFile>(Open(TorchBytes.Archive(pickle, ("0", TorchBytes.Floats(1)))));
        Assert.IsType<TorchFile>(Open(TorchBytes.Legacy(pickle, ("0", 1, TorchBytes.Floats(1)))));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(128)] // header lengths are multiples of 8; one that ends in 0x80 begins like a pickle
    [InlineData(896)]
    public void Open_SafetensorsWithAnyName_AreReadAsSafetensors(int headerLength)
    {
        using var scope = NewDisposeScope();
        var header = """{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""".PadRight(headerLength);
        Assert.IsType<SafetensorsFile>(
            Open([.. BitConverter.GetBytes((long)header.Length), .. TorchBytes.Bytes(header), .. TorchBytes.Floats(1)])
        );
    }

    [Theory]
    [InlineData(
        "version https://git-lfs.github.com/spec/v1\n",
        "it is a Git LFS pointer; fetch the real file with `git lfs pull`."
    )]
    [InlineData("<!DOCTYPE html>", "it is a web page; download the file itself.")]
    [InlineData(
        "just some text in a file",
        "is not a torch file, which is a zip archive or a pickle, nor a safetensors file; "
            + "it is damaged, or of another kind."
    )]
    public void Open_AnotherFile_SaysWhich(string content, string why)
    {
        var path = folder.Write("model.bin", content);
        Assert.EndsWith(
            why,
            Assert.Throws<TextualInversionException>(() => TensorFile.Open(path)).Message,
            StringComparison.Ordinal
        );
    }

    private ITensorFile Open(byte[] content) => TensorFile.Open(folder.Write("model.any", content));
}
