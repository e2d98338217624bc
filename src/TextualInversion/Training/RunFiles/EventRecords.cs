using System.Buffers.Binary;
using System.Numerics;

namespace TextualInversion.Training.RunFiles;

/// <summary>
/// The framing of TensorFlow's record files (https://www.tensorflow.org/tutorials/load_data/tfrecord, "TFRecords format
/// details"). A record is its length, a checksum of the length, the data, and a checksum of the data, all
/// little-endian.
/// </summary>
internal static class EventRecords
{
    private const int HeaderLength = sizeof(ulong) + sizeof(uint),
        FooterLength = sizeof(uint);

    // The format masks its checksums, so that data that contain checksums are no problem.
    private const uint MaskDelta = 0xa282ead8;

    /// <summary>The bytes of a record in the file.</summary>
    public static byte[] Frame(ReadOnlySpan<byte> record)
    {
        var framed = new byte[HeaderLength + record.Length + FooterLength];
        BinaryPrimitives.WriteUInt64LittleEndian(framed, (ulong)record.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(
            framed.AsSpan(sizeof(ulong)),
            Checksum(framed.AsSpan(0, sizeof(ulong)))
        );
        record.CopyTo(framed.AsSpan(HeaderLength));
        BinaryPrimitives.WriteUInt32LittleEndian(framed.AsSpan(HeaderLength + record.Length), Checksum(record));
        return framed;
    }

    /// <summary>The records of a file up to the first incomplete one, which a killed program may leave.</summary>
    public static IEnumerable<byte[]> Read(byte[] file)
    {
        for (var at = 0; file.Length - at >= HeaderLength + FooterLength; )
        {
            var length = BinaryPrimitives.ReadUInt64LittleEndian(file.AsSpan(at));
            if (
                BinaryPrimitives.ReadUInt32LittleEndian(file.AsSpan(at + sizeof(ulong)))
                != Checksum(file.AsSpan(at, sizeof(ulong)))
            )
                yield break;
            if (length > (ulong)(file.Length - at - HeaderLength - FooterLength))
                yield break;
            var record = file[(at + HeaderLength)..(at + HeaderLength + (int)length)];
            if (
                BinaryPrimitives.ReadUInt32LittleEndian(file.AsSpan(at + HeaderLength + (int)length))
                != Checksum(record)
            )
                yield break;
            yield return record;
            at += HeaderLength + (int)length + FooterLength;
        }
    }

    /// <summary>The masked CRC-32C (RFC 3720, B.4): rotated, plus a constant.</summary>
    internal static uint Checksum(ReadOnlySpan<byte> bytes)
    {
        var crc = uint.MaxValue;
        foreach (var value in bytes)
            crc = BitOperations.Crc32C(crc, value);
        return BitOperations.RotateRight(~crc, 15) + MaskDelta;
    }
}
