using TextualInversion.Cli.ModelAccess;
using TextualInversion.Tests.Fixtures;

namespace TextualInversion.Cli.Tests.ModelAccess;

/// <summary>The variables as huggingface_hub reads them (its constants.py).</summary>
public sealed class HubEnvironmentTests
{
    [Theory]
    [InlineData("HOME=/home/me", "/home/me/.cache/huggingface/hub")]
    [InlineData("HOME=/home/me XDG_CACHE_HOME=/c", "/c/huggingface/hub")]
    [InlineData("HOME=/home/me XDG_CACHE_HOME=/c HF_HOME=/hf", "/hf/hub")]
    [InlineData("HOME=/home/me HF_HOME=~/models", "/home/me/models/hub")]
    [InlineData("HOME=/home/me DATA=/data HF_HOME=$DATA/${DATA}x", "/data//datax/hub")]
    [InlineData("HF_HOME=/hf HF_HUB_CACHE=/cache", "/cache")]
    [InlineData("HF_HOME=/hf HUGGINGFACE_HUB_CACHE=/old", "/old")]
    [InlineData("HF_HOME=/hf HF_HUB_CACHE=", "/hf/hub")]
    public void Resolve_Cache(string variables, string expected) =>
        Assert.Equal(Path.GetFullPath(expected), Resolve(variables).CacheFolder);

    [Theory]
    [InlineData("", false)]
    [InlineData("HF_HUB_OFFLINE=1", true)]
    [InlineData("HF_HUB_OFFLINE=true", true)]
    [InlineData("HF_HUB_OFFLINE=0", false)]
    [InlineData("TRANSFORMERS_OFFLINE=yes", true)]
    public void Resolve_Offline(string variables, bool expected) => Assert.Equal(expected, Resolve(variables).Offline);

    [Theory]
    [InlineData("HF_TOKEN=hf_a", "hf_a")]
    [InlineData("HUGGING_FACE_HUB_TOKEN=hf_b", "hf_b")]
    [InlineData("HF_TOKEN=hf_a\n", "hf_a")]
    [InlineData("HF_TOKEN=hf_a HF_HUB_DISABLE_IMPLICIT_TOKEN=1", null)]
    [InlineData("", null)]
    public void Resolve_Token(string variables, string? expected) =>
        Assert.Equal(expected, Resolve($"HF_HOME=/nowhere {variables}").Token);

    [Fact]
    public void Resolve_TokenFile_IsRead()
    {
        using var folder = new TemporaryFolder();
        var path = folder.Write("token", " hf_saved\n");

        Assert.Equal("hf_saved", Resolve($"HF_HOME={folder.Path}").Token);
        Assert.Equal("hf_saved", Resolve($"HF_TOKEN_PATH={path} HF_HOME=/nowhere").Token);
    }

    [Theory]
    [InlineData("", "https://huggingface.co/")]
    [InlineData("HF_ENDPOINT=https://mirror.example/hf/", "https://mirror.example/hf/")]
    public void Resolve_Endpoint(string variables, string expected) =>
        Assert.Equal(expected, Resolve(variables).Endpoint.AbsoluteUri);

    [Theory]
    [InlineData("mirror.example")]
    [InlineData("ftp://mirror.example")]
    public void Resolve_EndpointIsNoAddress_SaysSo(string endpoint) =>
        Assert.StartsWith(
            $"HF_ENDPOINT: {endpoint} is not the address",
            Assert.Throws<TextualInversionException>(() => Resolve($"HF_ENDPOINT={endpoint}")).Message
        );

    private static HubOptions Resolve(string variables)
    {
        var values = variables
            .Split(' ', StringSplitOptions.RemoveEmptyEntries)
            .Select(pair => pair.Split('=', 2))
            .ToDictionary(pair => pair[0], pair => pair[1]);
        return HubEnvironment.Resolve(name => values.GetValueOrDefault(name));
    }
}
