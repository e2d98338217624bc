using TextualInversion.Cli.Infrastructure;

namespace TextualInversion.Cli.Tests.Infrastructure;

public sealed class UserCacheTests
{
    [Theory]
    [InlineData("/cache", "/home/me", "/cache/ti")]
    [InlineData("", "/home/me", "/home/me/.cache/ti")]
    [InlineData("relative", "/home/me", "/home/me/.cache/ti")]
    [InlineData(null, "/home/me", "/home/me/.cache/ti")]
    [InlineData(null, "", null)]
    public void Find_Variables_AreThoseOfTheSpecification(string? cache, string home, string? expected) =>
        Assert.Equal(expected, UserCache.Find(name => name == "XDG_CACHE_HOME" ? cache : home));
}
