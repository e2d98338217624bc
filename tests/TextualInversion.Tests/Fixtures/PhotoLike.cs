namespace TextualInversion.Tests.Fixtures;

/// <summary>
/// Images with what photos have and drawings do not: shades without edges, texture at every scale, and sensor noise.
/// </summary>
internal static class PhotoLike
{
    private const int Width = 192,
        Height = 160,
        Octaves = 6;

    /// <summary>A PNG. Each seed gives another image.</summary>
    /// <param name="seed">The seed.</param>
    /// <param name="brightness">What the values are multiplied by; small for a photo in the dark.</param>
    public static byte[] Png(int seed, double brightness = 1) =>
        PngFile.Make(Width, Height, (x, y) => [.. Pixel(x, y, seed, brightness), byte.MaxValue]);

    private static IEnumerable<byte> Pixel(int x, int y, int seed, double brightness)
    {
        for (var channel = 0; channel < 3; channel++)
        {
            // What the channels share is light and shadow.
            var value = 0.6 * Fractal(x, y, seed) + 0.4 * Fractal(x, y, seed * 4 + channel + 1);
            var noise = 0.05 * (Random(x, y, seed + 100 + channel) - 0.5);
            yield return (byte)(brightness * byte.MaxValue * Math.Clamp(2.4 * value - 0.7 + noise, 0, 1));
        }
    }

    private static double Fractal(int x, int y, int seed)
    {
        double sum = 0,
            weights = 0;
        for (var octave = 0; octave < Octaves; octave++)
        {
            var (weight, scale) = (Math.Pow(0.6, octave), 64.0 / (1 << octave));
            sum += weight * Smooth(x / scale, y / scale, seed + 31 * octave);
            weights += weight;
        }

        return sum / weights;
    }

    /// <summary>Between the random values of the corners of a grid.</summary>
    private static double Smooth(double x, double y, int seed)
    {
        int left = (int)x,
            top = (int)y;
        var (right, bottom) = (Ease(x - left), Ease(y - top));
        double Row(int row) => (1 - right) * Random(left, row, seed) + right * Random(left + 1, row, seed);
        return (1 - bottom) * Row(top) + bottom * Row(top + 1);
    }

    private static double Ease(double at) => at * at * (3 - 2 * at);

    /// <summary>From 0 to 1, by the mixing of MurmurHash3.</summary>
    private static double Random(int x, int y, int seed)
    {
        var bits = unchecked((uint)(x * 374761393 + y * 668265263 + seed * 974634777));
        bits = unchecked((bits ^ (bits >> 16)) * 0x85EBCA6B);
        bits = unchecked((bits ^ (bits >> 13)) * 0xC2B2AE35);
        return (bits ^ (bits >> 16)) / (double)uint.MaxValue;
    }
}
