using System.Buffers.Binary;
using System.Text;

namespace TextualInversion.Native;

/// <summary>
/// The symbols that a shared object takes from others (the section <c>.dynsym</c> of an ELF64 little-endian file;
/// structure Elf64_Sym of the System V ABI, "Symbol Table").
/// </summary>
internal static class ElfSymbols
{
    private const uint DynamicSymbolsSection = 11; // SHT_DYNSYM
    private const int EntrySize = 24; // bytes of an Elf64_Sym
    private const int Global = 1; // STB_GLOBAL: a weak symbol may be missing

    /// <summary>The names of the symbols that must be found in other libraries.</summary>
    /// <param name="file">The whole file.</param>
    public static IReadOnlyList<string> Undefined(ReadOnlySpan<byte> file)
    {
        var names = new List<string>();
        var sections = (int)BinaryPrimitives.ReadUInt64LittleEndian(file[0x28..]);
        int sectionSize = UInt16(file, 0x3a),
            sectionCount = UInt16(file, 0x3c);
        for (var i = 0; i < sectionCount; i++)
        {
            var section = sections + i * sectionSize;
            if (UInt32(file, section + 4) == DynamicSymbolsSection)
                AddUndefined(file, section, sections + (int)UInt32(file, section + 0x28) * sectionSize, names);
        }

        return names;
    }

    private static void AddUndefined(ReadOnlySpan<byte> file, int section, int stringSection, List<string> names)
    {
        var strings = (int)UInt64(file, stringSection + 0x18);
        var (start, size) = ((int)UInt64(file, section + 0x18), (int)UInt64(file, section + 0x20));
        for (var entry = start; entry < start + size; entry += EntrySize)
        {
            var isUndefined = UInt16(file, entry + 6) == 0;
            if (!isUndefined || file[entry + 4] >> 4 != Global)
                continue;
            var name = file[(strings + (int)UInt32(file, entry))..];
            names.Add(Encoding.ASCII.GetString(name[..name.IndexOf((byte)0)]));
        }
    }

    private static ushort UInt16(ReadOnlySpan<byte> file, int offset) =>
        BinaryPrimitives.ReadUInt16LittleEndian(file[offset..]);

    private static uint UInt32(ReadOnlySpan<byte> file, int offset) =>
        BinaryPrimitives.ReadUInt32LittleEndian(file[offset..]);

    private static ulong UInt64(ReadOnlySpan<byte> file, int offset) =>
        BinaryPrimitives.ReadUInt64LittleEndian(file[offset..]);
}
