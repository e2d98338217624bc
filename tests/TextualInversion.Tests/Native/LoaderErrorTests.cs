using TextualInversion.Native;

namespace TextualInversion.Tests.Native;

public sealed class LoaderErrorTests
{
    [Theory]
    [InlineData("Advice for programmers: \n/opt/libx.so: file too short\n", "file too short")]
    [InlineData("Advice: \nliby.so: cannot open shared object file\n", "liby.so: cannot open shared object file")]
    [InlineData("Unable to load DLL 'x.dll'. (0x8007007E)", "Unable to load DLL 'x.dll'. (0x8007007E)")]
    [InlineData(
        "Advice: \ntried 'a' (no such file)\n'b' (no such file)",
        "tried 'a' (no such file) 'b' (no such file)"
    )]
    public void Of_MessageOfDotNet_GivesTheLoadersWords(string message, string reason)
    {
        var error = LoaderError.Of("/opt/libx.so", new DllNotFoundException(message));

        Assert.Equal($"/opt/libx.so: this system cannot load it ({reason}).", error.Message);
    }
}
