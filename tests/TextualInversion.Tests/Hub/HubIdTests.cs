using TextualInversion.Hub;

namespace TextualInversion.Tests.Hub;

public sealed class HubIdTests
{
    [Theory]
    [InlineData("stable-diffusion-v1-5/stable-diffusion-v1-5", "stable-diffusion-v1-5/stable-diffusion-v1-5", "main")]
    [InlineData("a/b@fp16", "a/b", "fp16")]
    [InlineData("a/b.c_d-e@refs/pr/1", "a/b.c_d-e", "refs/pr/1")]
    [InlineData("a/b@v1.0", "a/b", "v1.0")]
    public void TryParse_Id_SplitsIt(string text, string name, string revision)
    {
        var id = HubId.TryParse(text);

        Assert.Equal((name, revision), (id?.Name, id?.Revision));
        Assert.Equal(text, id?.ToString());
    }

    [Theory]
    [InlineData("https://huggingface.co/a/b", "a/b")]
    [InlineData("https://huggingface.co/a/b/", "a/b")]
    [InlineData("https://huggingface.co/a/b/tree/main", "a/b")]
    [InlineData("http://hf.co/a/b/tree/fp16", "a/b@fp16")]
    public void TryParse_AddressOfThePage_IsTheId(string address, string expected) =>
        Assert.Equal(expected, HubId.TryParse(address)?.ToString());

    [Theory]
    [InlineData("https://huggingface.co/a")]
    [InlineData("https://huggingface.co/a/../b")]
    [InlineData("https://huggingface.co/a/b/resolve/main/model.safetensors")]
    [InlineData("https://example.com/a/b")]
    [InlineData("")]
    [InlineData("gpt2")]
    [InlineData("a/b/c")]
    [InlineData("/a/b")]
    [InlineData("./a")]
    [InlineData("../a")]
    [InlineData("a/..")]
    [InlineData("a/b..c")]
    [InlineData("a--b/c")]
    [InlineData("-a/b")]
    [InlineData("a/b.")]
    [InlineData("a/b.git")]
    [InlineData("a/b c")]
    [InlineData("a\\b")]
    [InlineData("C:\\models/a")]
    [InlineData("a/b@")]
    [InlineData("a/b@../../x")]
    [InlineData("a/b@/x")]
    [InlineData("a/b@x/")]
    [InlineData("a/b@.x")]
    [InlineData("a/b@x\n")]
    [InlineData("a/b\n")]
    public void TryParse_NoId_IsNull(string text) => Assert.Null(HubId.TryParse(text));

    [Fact]
    public void Parse_NoId_SaysHowToWriteOne() =>
        Assert.StartsWith(
            "gpt2: is not a hub id; write owner/name",
            Assert.Throws<TextualInversionException>(() => HubId.Parse("gpt2")).Message
        );

    [Theory]
    [InlineData("0123456789abcdef0123456789abcdef01234567", true)]
    [InlineData("0123456", false)]
    [InlineData("main", false)]
    public void IsCommit_WholeHashOnly(string revision, bool expected) =>
        Assert.Equal(expected, HubId.Parse($"a/b@{revision}").IsCommit);
}
