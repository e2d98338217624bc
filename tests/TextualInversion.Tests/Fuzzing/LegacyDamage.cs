using TextualInversion.Tensors.Torch;

namespace TextualInversion.Tests.Fuzzing;

/// <summary>Torch files from before 1.6: several pickles in a row, then the storages.</summary>
internal sealed class LegacyDamage
{
    private readonly byte[] original,
        head,
        pickle,
        tail;

    public LegacyDamage(byte[] original)
    {
        this.original = original;
        var unpickler = new Unpickler(original);
        for (var i = 0; i < 3; i++)
            unpickler.Read(); // magic number, version, system
        var begin = unpickler.Position;
        unpickler.Read();
        (head, pickle, tail) = (original[..begin], original[begin..unpickler.Position], original[unpickler.Position..]);
    }

    public byte[] Next(Random random) =>
        random.Next(8) switch
        {
            0 => Damage.OfBytes(original, random),
            1 => [.. head, .. pickle, .. PickleDamage.Of(tail, random)],
            2 => [.. PickleDamage.Of(head, random), .. pickle, .. tail],
            _ => [.. head, .. PickleDamage.Of(pickle, random), .. tail],
        };
}
