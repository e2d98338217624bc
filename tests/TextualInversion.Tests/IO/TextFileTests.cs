using System.Text;
using TextualInversion.IO;
using TextualInversion.Tests.Fixtures;

namespace TextualInversion.Tests.IO;

public sealed class TextFileTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("utf-8")]
    [InlineData("utf-16")]
    [InlineData("utf-16BE")]
    [InlineData("utf-32")]
    public void Read_ByteOrderMark_DecidesTheEncoding(string name)
    {
        var encoding = Encoding.GetEncoding(name);
        var path = folder.Write("a.txt", [.. encoding.GetPreamble(), .. encoding.GetBytes("un café\n猫")]);
        Assert.Equal("un café\n猫", TextFile.Read(path));
    }

    [Fact]
    public void Read_Folder_SaysSo()
    {
        var error = Assert.Throws<TextualInversionException>(() => TextFile.Read(folder.Path));
        Assert.Contains("it is a folder", error.Message, StringComparison.Ordinal);
    }

    /// <summary>A device has no end, and no size that tells.</summary>
    [Fact]
    public void Read_Device_Throws()
    {
        if (!File.Exists("/dev/zero"))
            return;
        Assert.Throws<TextualInversionException>(() => TextFile.Read("/dev/zero"));
    }
}
