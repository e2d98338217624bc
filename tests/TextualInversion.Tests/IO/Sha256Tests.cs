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

    [Fact]
    public void Finish_SeveralParts_HashesThemAsOne()
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData("a"u8);
        hash.AppendData("bc"u8);
        Assert.Equal(OfAbc, Sha256.Finish(hash));
    }
}
