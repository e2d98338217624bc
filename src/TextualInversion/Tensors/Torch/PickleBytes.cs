using System.Buffers.Binary;
using System.Text;

namespace TextualInversion.Tensors.Torch;

/// <summary>The bytes of a pickle, read in order. Every read is checked against the number of bytes left.</summary>
/// <param name="bytes">The pickle, and possibly what follows it.</param>
internal sealed class PickleBytes(byte[] bytes)
{
    public int Position { get; private set; }

    public byte Byte() => Take(1)[0];

    public int UInt16() => BinaryPrimitives.ReadUInt16LittleEndian(Take(2));

    public int Int32() => BinaryPrimitives.ReadInt32LittleEndian(Take(4));

    public uint UInt32() => BinaryPrimitives.ReadUInt32LittleEndian(Take(4));

    public ulong UInt64() => BinaryPrimitives.ReadUInt64LittleEndian(Take(8));

    public double Double() => BinaryPrimitives.ReadDoubleBigEndian(Take(8)); // the format's one big-endian number

    public string Text(ulong length) => Encoding.UTF8.GetString(Take(length));

    public ReadOnlySpan<byte> Take(ulong length)
    {
        if (length > (ulong)(bytes.Length - Position))
            throw new MalformedFileException(
                $"{length:N0} bytes should follow byte {Position:N0} of its pickle, {bytes.Length - Position:N0} do"
            );
        Position += (int)length;
        return bytes.AsSpan(Position - (int)length, (int)length);
    }

    /// <summary>The text up to the next line feed, which is skipped.</summary>
    public string Line()
    {
        var length = bytes.AsSpan(Position).IndexOf((byte)'\n');
        if (length < 0)
            throw new MalformedFileException($"a line that begins at byte {Position:N0} of its pickle does not end");
        var line = Text((ulong)length);
        Position++;
        return line.TrimEnd('\r');
    }
}
