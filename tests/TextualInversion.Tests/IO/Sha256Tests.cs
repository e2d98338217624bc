using System.Security.Cryptography;
using TextualInversion.IO;
using TextualInversion.Tests.Fixtures;

namespace TextualInversion.Tests.IO;

/// <summary>Against the hash of "abc" in FIPS 180-4's examples, whichever way the bytes arrive.</summary>
public sealed class Sha256Tests
{
    private const string OfAbc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

    [Fact]
    public void OfBytes_KnownInput_GivesTheKnownHash() => Assert.Equal(OfAbc, Sha256.OfBytes("abc"u8));

    [Fact]
    public void OfText_KnownInput_GivesTheKnownHash() => Assert.Equal(OfAbc, Sha256.OfText("abc"));

    [Fact]
    public void OfText_NotAscii_HashesUtf8() => Assert.Equal(Sha256.OfBytes([0xc3, 0xa4]), Sha256.OfText("ä"));

    [Fact]
    public void OfFile_KnownInput_GivesTheKnownHash()
    {
        using var folder = new TemporaryFolder();
        folder.Write("file", "abc");
        Assert.Equal(OfAbc, Sha256.OfFile(folder.File("file")));
    }

    [Fact]
    public void OfStream_PartlyRead_HashesTheRest()
    {
        using var stream = new MemoryStream("xabc"u8.ToArray());
        stream.ReadByte();
        Assert.Equal(OfAbc, Sha256.OfStream(stream));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Finish_SeveralParts_HashesThemAsOne(bool isFast)
    {
        using var hash = new IncrementalSha256(isFast);
        hash.Append("a"u8);
        hash.Append("bc"u8);
        Assert.Equal(OfAbc, hash.FinishAsText());
    }

    /// <summary>All lengths around one and two blocks, and one of many blocks, in parts of random lengths.</summary>
    [Fact]
    public void Managed_EveryLength_EqualsTheSystems()
    {
        var random = new Random(1);
        foreach (var length in Enumerable.Range(0, 200).Append(100_003))
        {
            var bytes = new byte[length];
            random.NextBytes(bytes);
            using var hash = new IncrementalSha256(isFast: false);
            for (var start = 0; start < length; )
            {
                var count = random.Next(0, length - start + 1);
                hash.Append(bytes.AsSpan(start, count));
                start += count;
            }

            Assert.Equal(SHA256.HashData(bytes), hash.Finish());
        }
    }
}
