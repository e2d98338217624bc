using System.IO.Compression;
using System.IO.Hashing;
using System.Text;

namespace TextualInversion.Tests.Fuzzing;

/// <summary>Torch's zip archives, composed anew of a damaged pickle, damaged storages or a damaged list.</summary>
internal sealed class ZipDamage
{
    private static readonly long[] Numbers =
    [
        0,
        1,
        22,
        30,
        46,
        255,
        65535,
        1 << 20,
        int.MaxValue,
        uint.MaxValue,
        1L << 40,
        long.MaxValue,
        -1,
    ];

    private readonly byte[] original;
    private readonly List<Entry> entries = [];

    public ZipDamage(byte[] original)
    {
        this.original = original;
        using var archive = new ZipArchive(new MemoryStream(original));
        foreach (var entry in archive.Entries)
        {
            using var content = new MemoryStream();
            using (var stream = entry.Open())
                stream.CopyTo(content);
            entries.Add(new Entry(entry.FullName, content.ToArray(), Deflated: entry.CompressedLength != entry.Length));
        }
    }

    public byte[] Next(Random random)
    {
        if (random.Next(4) == 0)
            return Damage.OfBytes(original, random);
        var changed = new List<Entry>(entries);
        var kind = random.Next(4);
        if (kind < 2)
            Change(
                changed,
                changed.FindIndex(entry => entry.Name.EndsWith("data.pkl", StringComparison.Ordinal)),
                entry => entry with { Content = PickleDamage.Of(entry.Content, random) }
            );
        else if (kind == 2)
            ChangeEntries(changed, random);
        return Write(changed, kind == 3 || random.Next(8) == 0 ? random : null);
    }

    private static void ChangeEntries(List<Entry> changed, Random random)
    {
        var at = random.Next(changed.Count);
        switch (random.Next(6))
        {
            case 0:
                changed.RemoveAt(at);
                break;
            case 1:
                changed.Add(changed[at]);
                break;
            case 2:
                Change(changed, at, entry => entry with { Name = changed[random.Next(changed.Count)].Name });
                break;
            case 3:
                Change(
                    changed,
                    at,
                    entry =>
                        entry with
                        {
                            Name = Encoding.UTF8.GetString(Damage.OfBytes(Encoding.UTF8.GetBytes(entry.Name), random)),
                        }
                );
                break;
            case 4:
                Change(changed, at, entry => entry with { Content = Damage.OfBytes(entry.Content, random) });
                break;
            default:
                Change(changed, at, entry => entry with { Deflated = !entry.Deflated });
                break;
        }
    }

    private static void Change(List<Entry> changed, int at, Func<Entry, Entry> change)
    {
        if (at >= 0)
            changed[at] = change(changed[at]);
    }

    /// <param name="changed">The entries to write.</param>
    /// <param name="random">Makes some numbers wrong. Null: all numbers are right.</param>
    private static byte[] Write(List<Entry> changed, Random? random)
    {
        using var archive = new MemoryStream();
        using var list = new MemoryStream();
        foreach (var (name, content, deflated) in changed)
        {
            byte[] stored = deflated ? Deflate(content) : content,
                utf8 = Encoding.UTF8.GetBytes(name);
            uint place = (uint)archive.Position,
                crc = Crc32.HashToUInt32(content);
            ushort method = (ushort)(deflated ? 8 : 0),
                length = (ushort)utf8.Length;
            Fields(
                archive,
                random,
                0x04034b50u,
                (ushort)20,
                (ushort)0x800,
                method,
                0u,
                crc,
                (uint)stored.Length,
                (uint)content.Length,
                length,
                (ushort)0
            );
            archive.Write(utf8);
            archive.Write(stored);
            Fields(
                list,
                random,
                0x02014b50u,
                20u,
                (ushort)0x800,
                method,
                0u,
                crc,
                (uint)stored.Length,
                (uint)content.Length,
                length,
                (ushort)0,
                (ushort)0,
                0u,
                0u,
                place
            );
            list.Write(utf8);
        }

        var begin = (ulong)archive.Position;
        archive.Write(list.GetBuffer(), 0, (int)list.Length);
        var (end, is64) = ((ulong)archive.Position, random?.Next(3) == 0);
        if (is64)
            Fields(
                archive,
                random,
                0x06064b50u,
                44ul,
                (ushort)45,
                (ushort)45,
                0ul,
                (ulong)changed.Count,
                (ulong)changed.Count,
                (ulong)list.Length,
                begin
            );
        if (is64)
            Fields(archive, random, 0x07064b50u, 0u, end, 1u);
        Fields(
            archive,
            random,
            0x06054b50u,
            0u,
            (ushort)(is64 ? 0xffff : changed.Count),
            (ushort)(is64 ? 0xffff : changed.Count),
            is64 ? uint.MaxValue : (uint)list.Length,
            is64 ? uint.MaxValue : (uint)begin,
            (ushort)0
        );
        return archive.ToArray();
    }

    private static void Fields(MemoryStream stream, Random? random, params ReadOnlySpan<object> fields)
    {
        foreach (var field in fields)
        {
            var size = field switch
            {
                ushort => 2,
                uint => 4,
                _ => 8,
            };
            var value =
                random?.Next(40) == 0
                    ? Numbers[random.Next(Numbers.Length)]
                    : field switch
                    {
                        ushort two => two,
                        uint four => four,
                        var eight => (long)(ulong)eight,
                    };
            stream.Write(BitConverter.GetBytes(value), 0, size);
        }
    }

    private static byte[] Deflate(byte[] content)
    {
        using var stored = new MemoryStream();
        using (var stream = new DeflateStream(stored, CompressionLevel.Fastest))
            stream.Write(content);
        return stored.ToArray();
    }

    private sealed record Entry(string Name, byte[] Content, bool Deflated);
}
