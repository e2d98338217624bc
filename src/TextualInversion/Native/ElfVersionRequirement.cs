using System.Buffers.Binary;
using System.Text;

namespace TextualInversion.Native;

/// <summary>
/// Edits the version requirements of a shared object (the section <c>.gnu.version_r</c> of an ELF64 little-endian file;
/// structures Verneed and Vernaux of the Linux Standard Base, "Symbol Versioning").
/// </summary>
internal static class ElfVersionRequirement
{
    private const uint VersionNeedsSection = 0x6ffffffe; // SHT_GNU_verneed
    private const ushort Weak = 2; // VER_FLG_WEAK: the loader warns of the missing version instead of refusing the file

    /// <summary>Marks every requirement of <paramref name="version"/> as weak, in place.</summary>
    /// <returns>Whether there was such a requirement.</returns>
    public static bool MakeWeak(Span<byte> file, string version)
    {
        var found = false;
        var sections = (int)BinaryPrimitives.ReadUInt64LittleEndian(file[0x28..]);
        int sectionSize = UInt16(file, 0x3a),
            sectionCount = UInt16(file, 0x3c);
        for (var i = 0; i < sectionCount; i++)
        {
            var section = sections + i * sectionSize;
            if (UInt32(file, section + 4) != VersionNeedsSection)
                continue;
            var need = (int)BinaryPrimitives.ReadUInt64LittleEndian(file[(section + 0x18)..]);
            var stringSection = sections + (int)UInt32(file, section + 0x28) * sectionSize;
            var strings = (int)BinaryPrimitives.ReadUInt64LittleEndian(file[(stringSection + 0x18)..]);
            for (var left = UInt32(file, section + 0x2c); left > 0; left--)
            {
                found |= MakeWeakIn(file, need, strings, version);
                need += (int)UInt32(file, need + 12);
            }
        }

        return found;
    }

    /// <summary>
    /// Does the same for one Verneed (the versions needed from one library), whose list of Vernaux follows it.
    /// </summary>
    private static bool MakeWeakIn(Span<byte> file, int need, int strings, string version)
    {
        var found = false;
        var entry = need + (int)UInt32(file, need + 8);
        for (var left = UInt16(file, need + 2); left > 0; left--)
        {
            var name = file[(strings + (int)UInt32(file, entry + 8))..];
            if (Encoding.ASCII.GetString(name[..name.IndexOf((byte)0)]) == version)
            {
                BinaryPrimitives.WriteUInt16LittleEndian(file[(entry + 4)..], (ushort)(UInt16(file, entry + 4) | Weak));
                found = true;
            }

            entry += (int)UInt32(file, entry + 12);
        }

        return found;
    }

    private static ushort UInt16(ReadOnlySpan<byte> file, int offset) =>
        BinaryPrimitives.ReadUInt16LittleEndian(file[offset..]);

    private static uint UInt32(ReadOnlySpan<byte> file, int offset) =>
        BinaryPrimitives.ReadUInt32LittleEndian(file[offset..]);
}
