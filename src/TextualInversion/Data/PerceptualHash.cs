using System.Numerics;

namespace TextualInversion.Data;

/// <summary>
/// A 63-bit hash that changes little when an image is recompressed, resized or brightened: which of the lowest
/// frequencies of its gray values at 32 x 32 are above their median ("pHash", Zauner 2010, Implementation and
/// Benchmarking of Perceptual Image Hash Functions).
/// </summary>
internal readonly record struct PerceptualHash(ulong Bits)
{
    /// <summary>
    /// Images at this distance or less count as duplicates. Of 17 photographs and 25 drawings, none is more than 8 away
    /// from its copy as a JPEG of quality 40, at half the size, blurred, or with changed brightness or contrast. No two
    /// different ones are less than 10 apart, except the two halves of a stereo pair, which are 4 apart.
    /// </summary>
    public const int LargestDistanceOfDuplicates = 8;

    private const int Side = 32,
        Frequencies = 8;

    public static PerceptualHash Of(RgbImage image)
    {
        var gray = ImageQuality.Gray(BicubicResize.Resize(image, Side, Side));
        var basis = new double[Frequencies, Side]; // basis of the cosine transform (DCT-II)
        for (var frequency = 0; frequency < Frequencies; frequency++)
        {
            for (var position = 0; position < Side; position++)
                basis[frequency, position] = Math.Cos(Math.PI * frequency * (position + 0.5) / Side);
        }

        var amplitudes = new List<double>();
        for (var vertical = 0; vertical < Frequencies; vertical++)
        {
            for (var horizontal = 0; horizontal < Frequencies; horizontal++)
                amplitudes.Add(Amplitude(vertical, horizontal));
        }

        // Without the constant term, which is the brightness.
        var varying = amplitudes.Skip(1).ToList();
        var median = varying.Order().ElementAt(varying.Count / 2);
        return new PerceptualHash(
            varying.Select((amplitude, bit) => amplitude > median ? 1ul << bit : 0).Aggregate((all, bit) => all | bit)
        );

        double Amplitude(int vertical, int horizontal)
        {
            var sum = 0.0;
            for (var y = 0; y < Side; y++)
            {
                for (var x = 0; x < Side; x++)
                    sum += gray[y * Side + x] * basis[vertical, y] * basis[horizontal, x];
            }

            return sum * (vertical == 0 ? Math.Sqrt(0.5) : 1) * (horizontal == 0 ? Math.Sqrt(0.5) : 1);
        }
    }

    /// <summary>The number of differing bits, 0 to 63.</summary>
    public int DistanceTo(PerceptualHash other) => BitOperations.PopCount(Bits ^ other.Bits);
}
