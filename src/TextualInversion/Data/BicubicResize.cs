namespace TextualInversion.Data;

/// <summary>
/// Equal to Pillow's <c>Image.resize(…, BICUBIC)</c> byte for byte: the Keys kernel with a = -0.5, widened by the
/// reduction factor, in one pass along the rows and one along the columns, each in 22-bit fixed point and rounded to
/// bytes (https://github.com/python-pillow/Pillow/blob/main/src/libImaging/Resample.c). This is Pillow 13; older
/// versions always begin with the rows.
/// </summary>
internal static class BicubicResize
{
    private const double KernelA = -0.5;
    private const double KernelSupport = 2;

    // 32 bits less 8 for the pixel less 2 for the overshoot of the negative lobes.
    private const int PrecisionBits = 32 - 8 - 2;
    private const int Half = 1 << (PrecisionBits - 1);

    /// <summary>
    /// Resizes to <paramref name="widthPixels"/> x <paramref name="heightPixels"/>; each side may grow or shrink.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">A side is not positive.</exception>
    public static RgbImage Resize(RgbImage image, int widthPixels, int heightPixels)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(widthPixels);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(heightPixels);
        return ColumnsComeFirst(image, widthPixels, heightPixels)
            ? ResizeRows(ResizeColumns(image, heightPixels), widthPixels)
            : ResizeColumns(ResizeRows(image, widthPixels), heightPixels);
    }

    /// <summary>
    /// Whether the pass along the columns comes first. The order matters because the bytes between the passes are
    /// rounded. Pillow 13 begins with the columns if the height shrinks much more than the width
    /// (https://github.com/python-pillow/Pillow/pull/9549); the exact condition was found by measuring.
    /// </summary>
    private static bool ColumnsComeFirst(RgbImage image, int widthPixels, int heightPixels)
    {
        int lostHeight = image.HeightPixels - heightPixels,
            lostWidth = image.WidthPixels - widthPixels;
        return lostHeight > 0 && lostHeight > 2 * lostWidth;
    }

    private static RgbImage ResizeRows(RgbImage image, int widthPixels)
    {
        if (widthPixels == image.WidthPixels)
            return image;
        var taps = ComputeTaps(image.WidthPixels, widthPixels);
        var resized = new byte[image.HeightPixels * widthPixels * 3];
        for (var y = 0; y < image.HeightPixels; y++)
        {
            var source = image.Pixels.AsSpan(y * image.WidthPixels * 3, image.WidthPixels * 3);
            var target = resized.AsSpan(y * widthPixels * 3, widthPixels * 3);
            for (var x = 0; x < widthPixels; x++)
            {
                var (first, weights) = taps[x];
                var reached = source.Slice(first * 3, weights.Length * 3);
                int red = Half,
                    green = Half,
                    blue = Half;
                for (var tap = 0; tap < weights.Length; tap++)
                {
                    red += weights[tap] * reached[tap * 3];
                    green += weights[tap] * reached[tap * 3 + 1];
                    blue += weights[tap] * reached[tap * 3 + 2];
                }

                target[x * 3] = ToByte(red);
                target[x * 3 + 1] = ToByte(green);
                target[x * 3 + 2] = ToByte(blue);
            }
        }

        return new RgbImage(resized, widthPixels, image.HeightPixels);
    }

    private static RgbImage ResizeColumns(RgbImage image, int heightPixels)
    {
        if (heightPixels == image.HeightPixels)
            return image;
        var taps = ComputeTaps(image.HeightPixels, heightPixels);
        var rowBytes = image.WidthPixels * 3;
        var resized = new byte[heightPixels * rowBytes];
        var sums = new int[rowBytes];
        for (var y = 0; y < heightPixels; y++)
        {
            var (first, weights) = taps[y];
            Array.Fill(sums, Half);
            for (var tap = 0; tap < weights.Length; tap++)
            {
                var weight = weights[tap];
                var source = image.Pixels.AsSpan((first + tap) * rowBytes, sums.Length);
                for (var i = 0; i < sums.Length; i++)
                    sums[i] += weight * source[i];
            }

            var target = resized.AsSpan(y * rowBytes, sums.Length);
            for (var i = 0; i < sums.Length; i++)
                target[i] = ToByte(sums[i]);
        }

        return new RgbImage(resized, image.WidthPixels, heightPixels);
    }

    /// <summary>
    /// For each output position along one axis: the first input position that contributes, and the weights from there
    /// on.
    /// </summary>
    private static (int First, int[] Weights)[] ComputeTaps(int inputSize, int outputSize)
    {
        var scale = (double)inputSize / outputSize;
        var stretch = Math.Max(scale, 1);
        var support = KernelSupport * stretch;
        var taps = new (int First, int[] Weights)[outputSize];
        for (var position = 0; position < outputSize; position++)
        {
            var center = (position + 0.5) * scale;
            var first = Math.Max((int)(center - support + 0.5), 0);
            var end = Math.Min((int)(center + support + 0.5), inputSize);
            var weights = new double[end - first];
            for (var tap = 0; tap < weights.Length; tap++)
                weights[tap] = Kernel((first + tap - center + 0.5) * (1 / stretch));
            taps[position] = (first, ToFixedPoint(weights));
        }

        return taps;
    }

    /// <summary>Normalizes weights to a sum of one, in units of 2^-22.</summary>
    private static int[] ToFixedPoint(double[] weights)
    {
        // Added in order: the last bit of the sum affects rounding.
        var sum = 0.0;
        foreach (var weight in weights)
            sum += weight;
        var rounded = new int[weights.Length];
        for (var tap = 0; tap < weights.Length; tap++)
        {
            var scaled = weights[tap] / sum * (1 << PrecisionBits);
            rounded[tap] = (int)(scaled < 0 ? scaled - 0.5 : scaled + 0.5);
        }

        return rounded;
    }

    /// <summary>
    /// R. Keys, Cubic Convolution Interpolation for Digital Image Processing (1981), equation 4 with its parameter a.
    /// </summary>
    private static double Kernel(double x)
    {
        x = Math.Abs(x);
        if (x < 1)
            return ((KernelA + 2) * x - (KernelA + 3)) * x * x + 1;
        return x < 2 ? (((x - 5) * x + 8) * x - 4) * KernelA : 0;
    }

    private static byte ToByte(int sum) => (byte)Math.Clamp(sum >> PrecisionBits, 0, 255);
}
