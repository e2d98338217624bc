using TextualInversion.Hub;
using TextualInversion.Tests.Fixtures;

namespace TextualInversion.Tests.Hub;

public sealed class BlobHashTests
{
    [Theory] // `printf TEXT | git hash-object --stdin` and `| sha256sum`
    [InlineData("", "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391")]
    [InlineData("hello\n", "ce013625030ba8dba906f756967f9e9ca394464a")]
    [InlineData("hello\n", "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03")]
    public async Task Of_Content_IsGitsOrSha256(string content, string expected)
    {
        using var folder = new TemporaryFolder();

        Assert.Equal(expected, await BlobHash.OfAsync(folder.Write("file", content), expected, CancellationToken.None));
    }
}
