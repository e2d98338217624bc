using System.Buffers.Binary;

namespace TextualInversion.Data;

/// <summary>
/// Converts pixels to sRGB from a color profile that consists of a matrix and three curves (ICC.1:2022, 8.3 and F.3),
/// as those of phones, cameras and screens do. White stays white, and colors that sRGB does not have are clipped.
/// </summary>
internal sealed class SrgbConversion
{
    private const int Levels = 256,
        EncodingSteps = ushort.MaxValue;

    // From X, Y, Z under the white of profiles, D50, to linear sRGB: the inverse of the matrix in sRGB's own profile.
    private static readonly double[,] FromXyz =
    {
        { 3.1341122, -1.6173924, -0.4906334 },
        { -0.9787873, 1.9162796, 0.0334547 },
        { 0.0719830, -0.2289858, 1.4053851 },
    };

    private static readonly byte[] Encoded = [.. Enumerable.Range(0, EncodingSteps + 1).Select(Encode)];

    private readonly double[][] curves; // for red, green and blue: the light of each of the 256 values
    private readonly double[,] matrix = new double[3, 3]; // from the profile's light to linear sRGB

    private SrgbConversion(double[][] curves, double[][] colors)
    {
        this.curves = curves;
        for (var row = 0; row < 3; row++)
        for (var channel = 0; channel < 3; channel++)
        for (var axis = 0; axis < 3; axis++)
            matrix[row, channel] += FromXyz[row, axis] * colors[channel][axis];
    }

    /// <summary>The conversion from a profile, or null if the profile is of another kind or damaged.</summary>
    public static SrgbConversion? From(ReadOnlySpan<byte> profile)
    {
        if (!IccProfile.IsRgbOverXyz(profile) || !IccProfile.Find(profile, "A2B0"u8).IsEmpty)
            return null;
        double[][] colors =
        [
            IccProfile.Xyz(IccProfile.Find(profile, "rXYZ"u8)),
            IccProfile.Xyz(IccProfile.Find(profile, "gXYZ"u8)),
            IccProfile.Xyz(IccProfile.Find(profile, "bXYZ"u8)),
        ];
        double[][] curves =
        [
            Curve(IccProfile.Find(profile, "rTRC"u8)),
            Curve(IccProfile.Find(profile, "gTRC"u8)),
            Curve(IccProfile.Find(profile, "bTRC"u8)),
        ];
        var isComplete =
            colors.All(color => color.Length == 3)
            && curves.All(curve => curve.Length == Levels && curve.All(double.IsFinite));
        return isComplete ? new SrgbConversion(curves, colors) : null;
    }

    /// <summary>Converts pixels in place.</summary>
    /// <param name="pixels">Red, green and blue of each.</param>
    public void Apply(Span<byte> pixels)
    {
        for (; pixels.Length >= 3; pixels = pixels[3..])
        {
            var (red, green, blue) = (curves[0][pixels[0]], curves[1][pixels[1]], curves[2][pixels[2]]);
            for (var channel = 0; channel < 3; channel++)
            {
                var light = matrix[channel, 0] * red + matrix[channel, 1] * green + matrix[channel, 2] * blue;
                pixels[channel] = Encoded[(int)Math.Round(Math.Clamp(light, 0, 1) * EncodingSteps)];
            }
        }
    }

    /// <summary>The light of each value, from 0 to 1; empty if the tag is of another kind or damaged.</summary>
    private static double[] Curve(ReadOnlySpan<byte> tag)
    {
        if (tag.Length < 12)
            return [];
        Func<double, double>? light =
            tag.StartsWith("curv"u8) ? Sampled(tag[8..])
            : tag.StartsWith("para"u8) ? Parametric(tag[8..])
            : null;
        return light is null
            ? []
            : [.. Enumerable.Range(0, Levels).Select(value => Math.Clamp(light(value / (Levels - 1.0)), 0, 1))];
    }

    /// <summary>A number of samples, which follow. None stands for a straight line, one for an exponent.</summary>
    private static Func<double, double>? Sampled(ReadOnlySpan<byte> data)
    {
        var count = BinaryPrimitives.ReadUInt32BigEndian(data);
        if (count > (data.Length - 4) / 2)
            return null;
        var samples = new double[count];
        for (var i = 0; i < samples.Length; i++)
            samples[i] = BinaryPrimitives.ReadUInt16BigEndian(data[(4 + 2 * i)..]);
        return samples.Length switch
        {
            0 => x => x,
            1 => x => Math.Pow(x, samples[0] / 256),
            _ => Interpolated,
        };

        double Interpolated(double x)
        {
            var position = x * (samples.Length - 1);
            var left = Math.Min((int)position, samples.Length - 2);
            return (samples[left] + (position - left) * (samples[left + 1] - samples[left])) / ushort.MaxValue;
        }
    }

    /// <summary>A power of a line and, below a limit in all types but the first, another line (10.18).</summary>
    private static Func<double, double>? Parametric(ReadOnlySpan<byte> data)
    {
        int[] lengths = [1, 3, 4, 5, 7];
        var type = BinaryPrimitives.ReadUInt16BigEndian(data);
        if (type >= lengths.Length || data.Length < 4 + 4 * lengths[type])
            return null;
        var given = new double[7]; // g, a, b, c, d, e, f
        for (var i = 0; i < lengths[type]; i++)
            given[i] = IccProfile.Fixed(data[(4 + 4 * i)..]);
        var (g, a, b, c, d, e, f) = (given[0], given[1], given[2], given[3], given[4], given[5], given[6]);
        return type switch
        {
            0 => x => Math.Pow(x, g),
            1 => x => x >= -b / a ? Math.Pow(a * x + b, g) : 0,
            2 => x => x >= -b / a ? Math.Pow(a * x + b, g) + c : c,
            _ => x => x >= d ? Math.Pow(a * x + b, g) + e : c * x + f,
        };
    }

    /// <summary>The value of light by sRGB's own curve (IEC 61966-2-1).</summary>
    private static byte Encode(int step)
    {
        var light = step / (double)EncodingSteps;
        var value = light <= 0.0031308 ? 12.92 * light : 1.055 * Math.Pow(light, 1 / 2.4) - 0.055;
        return (byte)Math.Round(value * byte.MaxValue);
    }
}
