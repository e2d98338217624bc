using System.Text;
using TextualInversion.Training.RunFiles;

namespace TextualInversion.Tests.Training.RunFiles;

public sealed class EventRecordsTests
{
    /// <summary>
    /// The first twelve bytes of every TensorFlow event file: its first record, with time and version, has 24 bytes.
    /// </summary>
    [Fact]
    public void Frame_FirstRecordOfEveryEventFile_HasItsWellKnownHeader() =>
        Assert.Equal(Convert.FromHexString("1800000000000000A37F4B22"), EventRecords.Frame(new byte[24])[..12]);

    /// <summary>
    /// RFC 3720, B.4: the checksums of 32 zero bytes, 32 bytes of ones, and 0 to 31; and the check value in the
    /// catalogue of parametrised CRC algorithms.
    /// </summary>
    [Theory]
    [InlineData("0000000000000000000000000000000000000000000000000000000000000000", 0x8A9136AAu)]
    [InlineData("FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF", 0x62A8AB43u)]
    [InlineData("000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F", 0x46DD794Eu)]
    [InlineData("313233343536373839", 0xE3069283u)]
    public void Checksum_PublishedVectors_AreTheirsMasked(string hex, uint crc) =>
        Assert.Equal(
            unchecked(((crc >> 15) | (crc << 17)) + 0xa282ead8),
            EventRecords.Checksum(Convert.FromHexString(hex))
        );

    [Fact]
    public void Read_Framed_GivesTheRecords()
    {
        byte[] file = [.. EventRecords.Frame("one"u8), .. EventRecords.Frame([]), .. EventRecords.Frame("three"u8)];

        Assert.Equal(["one", "", "three"], EventRecords.Read(file).Select(Encoding.UTF8.GetString));
    }

    [Fact]
    public void Read_CutAnywhereInTheLastRecord_GivesThoseBefore()
    {
        var first = EventRecords.Frame("one"u8);
        byte[] file = [.. first, .. EventRecords.Frame("two"u8)];
        for (var length = first.Length; length < file.Length; length++)
            Assert.Equal(["one"], EventRecords.Read(file[..length]).Select(Encoding.UTF8.GetString));
    }

    [Fact]
    public void Read_AnyByteOfTheLastRecordChanged_GivesThoseBefore()
    {
        var first = EventRecords.Frame("one"u8);
        byte[] file = [.. first, .. EventRecords.Frame("two"u8)];
        for (var at = first.Length; at < file.Length; at++)
        {
            var damaged = file.ToArray();
            damaged[at] ^= 0x40;
            Assert.Equal(["one"], EventRecords.Read(damaged).Select(Encoding.UTF8.GetString));
        }
    }
}
