using System.Text;
using TextualInversion.Data;
using TextualInversion.Tests.Fixtures;

namespace TextualInversion.Tests.Data;

public sealed class CaptionsTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("a cat", "a cat")]
    [InlineData("\n  a cat\r\non\ta  mat \n\n", "a cat on a mat")]
    [InlineData("\uFEFFa café", "a café")]
    [InlineData(" \r\n", null)]
    [InlineData("", null)]
    public void Read_FileNextToImage_IsOneTrimmedLine(string content, string? expected)
    {
        folder.Write("1.txt", content);
        Assert.Equal(expected, Captions.Read(folder.File("1.png")));
    }

    [Fact]
    public void Read_NoFileNextToImage_ReturnsNull() => Assert.Null(Captions.Read(folder.File("1.png")));

    [Fact]
    public void Read_ImageNamedTxt_IsNotItsOwnCaption() =>
        Assert.Null(Captions.Read(folder.Write("1.txt", PillowFixture.Content("rgb.png"))));

    [Fact]
    public void Read_NotUtf8_Throws()
    {
        var path = folder.Write("1.txt", Encoding.Latin1.GetBytes("a café"));
        var error = Assert.Throws<TextualInversionException>(() => Captions.Read(folder.File("1.png")));
        Assert.Equal($"{path}: is not UTF-8 text; save it as UTF-8.", error.Message);
    }

    [Theory]
    [InlineData("utf-16", false, 0)] // without a byte order mark
    [InlineData("utf-16BE", false, 0)]
    [InlineData("utf-32", false, 0)]
    [InlineData("iso-8859-1", true, 0xE9)]
    [InlineData("windows-1252", true, 0xE9)]
    public void Read_OtherEncoding_Throws(string encoding, bool isByte, int eAcute)
    {
        byte[] content = isByte ? [.. "a caf"u8, (byte)eAcute] : Encoding.GetEncoding(encoding).GetBytes("a café");
        var path = folder.Write("1.txt", content);
        var error = Assert.Throws<TextualInversionException>(() => Captions.Read(folder.File("1.png")));
        Assert.StartsWith($"{path}: ", error.Message, StringComparison.Ordinal);
        Assert.EndsWith("save it as UTF-8.", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("a caf\uFFFD")] // a failed conversion has lost the letter
    [InlineData("a \u001B$Bcat")] // ISO-2022-JP
    [InlineData("a\u0000cat")]
    public void Read_CharacterThatNoCaptionHas_Throws(string content)
    {
        folder.Write("1.txt", content);
        Assert.Throws<TextualInversionException>(() => Captions.Read(folder.File("1.png")));
    }

    [Theory]
    [InlineData("utf-16")]
    [InlineData("utf-16BE")]
    public void Read_Utf16WithMark_IsRead(string encoding)
    {
        var kind = Encoding.GetEncoding(encoding);
        folder.Write("1.txt", [.. kind.GetPreamble(), .. kind.GetBytes("a café")]);
        Assert.Equal("a café", Captions.Read(folder.File("1.png")));
    }

    [Fact]
    public void Read_CaptionExtension_IsReadUnlessThereIsATextFile()
    {
        folder.Write("1.caption", "a dog");
        Assert.Equal("a dog", Captions.Read(folder.File("1.png")));
        folder.Write("1.txt", "a cat");
        Assert.Equal("a cat", Captions.Read(folder.File("1.png")));
    }

    [Theory]
    [InlineData("a cat, <lora:style:0.8>", "<lora:style:0.8>")]
    [InlineData("<hypernet:x:1> a cat", "<hypernet:x:1>")]
    [InlineData("a cat <my-cat>", null)]
    public void FindExtraNetwork_Caption_ReturnsTheTag(string caption, string? expected) =>
        Assert.Equal(expected, Captions.FindExtraNetwork(caption));

    [Fact]
    public void Read_FileInUse_Throws()
    {
        var path = folder.Write("1.txt", "a cat");
        using var locked = new FileStream(path, FileMode.Open, FileAccess.ReadWrite, FileShare.None);
        var error = Assert.Throws<TextualInversionException>(() => Captions.Read(folder.File("1.png")));
        Assert.StartsWith($"{path}: cannot be read (", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("a {} on a mat, {} again", "mat", "a {} on a mat, {} again")]
    [InlineData("a photo of a cat", "cat", "a photo of a {}")]
    [InlineData("A Cat and a cat", "cat", "A {} and a cat")]
    [InlineData("a cat's toy", "CAT", "a {}'s toy")]
    [InlineData("a toy  cat on a mat", "toy cat", "a {} on a mat")]
    [InlineData("cats, a concatenation, a cat_1 and a cat", "cat", "cats, a concatenation, a cat_1 and a {}")]
    [InlineData("cats on a mat", "cat", "{}, cats on a mat")]
    [InlineData("a c.t and a cat", "c.t", "a {} and a cat")]
    [InlineData("a dog", "cat", "{}, a dog")]
    [InlineData("a dog", " ", "{}, a dog")]
    public void ToTemplate_Caption_HoldsTheSlot(string caption, string initializer, string expected) =>
        Assert.Equal(expected, Captions.ToTemplate(caption, "<my-toy>", initializer));

    /// <summary>As captions for kohya's scripts and the WebUI are written.</summary>
    [Theory]
    [InlineData("a photo of <my-cat> on a mat", "<my-cat>", "a photo of {} on a mat")]
    [InlineData("My-Cat, a photo of my-cat", "<my-cat>", "{}, a photo of {}")]
    [InlineData("not-my-cat, my-cat-2 and my-cats", "<my-cat>", "{}, not-my-cat, my-cat-2 and my-cats")]
    [InlineData("a photo of sks cat", "sks", "a photo of {} cat")]
    [InlineData("asks for a cat", "sks", "asks for a {}")]
    [InlineData("a cat on a cat tree", "<cat>", "a {} on a cat tree")]
    [InlineData("a photo of [name] and a cat", "<my-cat>", "a photo of {} and a cat")]
    public void ToTemplate_CaptionWithTheToken_PutsTheSlotThere(string caption, string token, string expected) =>
        Assert.Equal(expected, Captions.ToTemplate(caption, token, "cat"));
}
