namespace TextualInversion.Native;

/// <summary>
/// Matrix products on memory, by the BLAS that libtorch brings (https://netlib.org/blas/#_level_3) and, for the error function, the vector
/// mathematics of the same library. A small product takes 15 µs, of which PyTorch's way to it would be a fourth and a gradient's node as much again.
/// </summary>
internal static unsafe class Blas
{
    private static readonly nint GemmFunction = NativeLibraries.TorchCpuFunction("sgemm_");
    private static readonly nint ErfFunction = NativeLibraries.TorchCpuFunction("vsErf");

    /// <summary>Whether this libtorch lets others use them.</summary>
    public static bool IsAvailable => GemmFunction != 0 && ErfFunction != 0;

    /// <summary>result = scale a b, or + result.</summary>
    /// <param name="a">(m, k), or (k, m) where <paramref name="transposeA"/></param>
    /// <param name="b">(k, n), or (n, k) where <paramref name="transposeB"/></param>
    /// <param name="result">(m, n)</param>
    /// <exception cref="ArgumentException">The shapes do not fit.</exception>
    public static void Multiply(Matrix a, Matrix b, Matrix result, bool transposeA = false, bool transposeB = false, float scale = 1, bool add = false)
    {
        var (m, k) = transposeA ? (a.Columns, a.Rows) : (a.Rows, a.Columns);
        var (inner, n) = transposeB ? (b.Columns, b.Rows) : (b.Rows, b.Columns);
        if (k != inner || result.Rows != m || result.Columns != n)
            throw new ArgumentException($"({m}, {k}) by ({inner}, {n}) does not give ({result.Rows}, {result.Columns}).", nameof(result));
        // Fortran's matrices lie in memory by columns: by rows, this is the product of the transposes in the other order.
        var gemm = (delegate* unmanaged<byte*, byte*, int*, int*, int*, float*, float*, int*, float*, int*, float*, float*, int*, void>)GemmFunction;
        byte yes = (byte)'T', no = (byte)'N';
        int strideA = a.Stride, strideB = b.Stride, stride = result.Stride;
        float beta = add ? 1 : 0;
        gemm(transposeB ? &yes : &no, transposeA ? &yes : &no, &n, &m, &k, &scale, b.Data, &strideB, a.Data, &strideA, &beta, result.Data, &stride);
    }

    /// <summary>The error function of each number, in its place.</summary>
    public static void Erf(Span<float> values)
    {
        var erf = (delegate* unmanaged<int, float*, float*, void>)ErfFunction;
        fixed (float* data = values) erf(values.Length, data, data);
    }
}
