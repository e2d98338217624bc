using System.Buffers.Binary;

namespace TextualInversion.Tests.Fuzzing;

/// <summary>
/// WebP images with damaged chunks. The length in front is mostly right, so that readers look further.
/// </summary>
internal sealed class WebPDamage(byte[] original)
{
    private const int LengthAt = 4,
        ContentAt = 8;

    public byte[] Next(Random random)
    {
        var changed = Damage.OfBytes(original, random);
        if (changed.Length >= ContentAt && random.Next(8) > 0)
            BinaryPrimitives.WriteInt32LittleEndian(changed.AsSpan(LengthAt), changed.Length - ContentAt);
        return changed;
    }
}
