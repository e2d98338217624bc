using TextualInversion.Native;
using TensorPrimitives = System.Numerics.Tensors.TensorPrimitives;

namespace TextualInversion.Models.Direct;

/// <summary>Activations with their slopes, which are all that a gradient needs.</summary>
internal static class Activations
{
    /// <summary>How CLIP's quick_gelu is steeper than silu.</summary>
    public const float QuickGelu = 1.702f;

    private static readonly float HalfRoot = (float)Math.Sqrt(0.5), Density = (float)(1 / Math.Sqrt(2 * Math.PI));

    /// <summary>x sigmoid(k x): silu for k = 1.</summary>
    /// <param name="x">becomes the value</param>
    /// <param name="slope">of as many numbers</param>
    /// <param name="steepness">k</param>
    public static void Sigmoid(Span<float> x, Span<float> slope, float steepness)
    {
        // s = sigmoid(k x), y = x s, its slope s + k y (1 - s)
        TensorPrimitives.Multiply(x, steepness, slope);
        TensorPrimitives.Sigmoid(slope, slope);
        TensorPrimitives.Multiply(x, slope, x);
        for (var i = 0; i < x.Length; i++) slope[i] += steepness * x[i] * (1 - slope[i]);
    }

    /// <summary>x Phi(x), where Phi(x) = (1 + erf(x / sqrt 2)) / 2 is the normal distribution's (Hendrycks and Gimpel 2016, section 2).</summary>
    /// <param name="x">(N, m)</param>
    /// <param name="value">(N, m), without gaps</param>
    /// <param name="slope">(N, m)</param>
    public static void Gelu(Matrix x, Matrix value, Matrix slope)
    {
        for (var i = 0; i < x.Rows; i++) TensorPrimitives.Multiply(x.Row(i), HalfRoot, value.Row(i));
        Blas.Erf(value.Flat);
        for (var i = 0; i < x.Rows; i++)
        {
            // its slope is Phi(x) + x phi(x), with the density phi
            var phi = value.Row(i);
            var slopes = slope.Row(i);
            TensorPrimitives.Add(phi, 1f, phi);
            TensorPrimitives.Multiply(phi, 0.5f, phi);
            TensorPrimitives.Multiply(x.Row(i), x.Row(i), slopes);
            TensorPrimitives.Multiply(slopes, -0.5f, slopes);
            TensorPrimitives.Exp(slopes, slopes);
            TensorPrimitives.Multiply(slopes, Density, slopes);
            TensorPrimitives.MultiplyAdd(slopes, x.Row(i), phi, slopes);
            TensorPrimitives.Multiply(phi, x.Row(i), phi);
        }
    }
}
