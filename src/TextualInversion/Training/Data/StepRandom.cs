using static TorchSharp.torch;

namespace TextualInversion.Training.Data;

/// <summary>
/// Random numbers that depend only on the run's seed and a counter, so that any step can be drawn without drawing those
/// before it. The mixing function is SplitMix64's (Steele, Lea and Flood 2014).
/// </summary>
internal sealed class StepRandom(ulong seed, RandomStream stream, long counter)
{
    private ulong state = Mix(Mix(seed + Mix((ulong)stream + 1)) ^ (ulong)counter);

    /// <summary>A whole number in [0, <paramref name="count"/>).</summary>
    public int Index(int count) => (int)(Next() % (ulong)count); // the bias is below 2^-50 for counts of this size

    /// <summary>A number in [0, 1).</summary>
    public double Uniform() => (Next() >> 11) * (1.0 / (1ul << 53));

    /// <summary>0 … count - 1 in random order (Fisher-Yates shuffle).</summary>
    public int[] Permutation(int count)
    {
        var items = Enumerable.Range(0, count).ToArray();
        for (var i = count - 1; i > 0; i--)
        {
            var j = Index(i + 1);
            (items[i], items[j]) = (items[j], items[i]);
        }

        return items;
    }

    /// <summary>A generator for tensors. TorchSharp has only CPU generators: draw on the CPU, then copy.</summary>
    public Generator Generator() => new(Next());

    private ulong Next() => Mix(state += 0x9e3779b97f4a7c15);

    private static ulong Mix(ulong z)
    {
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
        z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
        return z ^ (z >> 31);
    }
}
