using System.Runtime.CompilerServices;
using TextualInversion.Tensors;
using static TorchSharp.torch;

namespace TextualInversion.Tests.Fixtures;

/// <summary>
/// The reference values of diffusers and transformers: <c>tests/goldens</c>, or the folder of the same layout that
/// <c>TI_GOLDENS</c> names. Tests that read them have <c>[Trait("Category", "Reference")]</c>.
/// </summary>
internal static class Goldens
{
    public const string Category = "Reference";

    public static string Folder { get; } =
        Environment.GetEnvironmentVariable("TI_GOLDENS") is { Length: > 0 } folder
            ? System.IO.Path.GetFullPath(folder)
            : System.IO.Path.Combine(Repository, "tests", "goldens");

    public static string Repository =>
        System.IO.Path.GetFullPath(System.IO.Path.Combine(SourceFolder(), "..", "..", ".."));

    /// <summary>A file or folder below <c>samples</c>.</summary>
    public static string Sample(params string[] parts) => System.IO.Path.Combine([Repository, "samples", .. parts]);

    public static string Path(params string[] parts) => System.IO.Path.Combine([Folder, .. parts]);

    public static SafetensorsFile Open(string name) => SafetensorsFile.Open(Path(name));

    /// <summary>
    /// Asserts that every element differs by at most <paramref name="tolerance"/> times the largest expected magnitude.
    /// </summary>
    public static void AssertClose(Tensor expected, Tensor actual, double tolerance, string what)
    {
        Assert.Equal(expected.shape, actual.shape);
        using var scope = NewDisposeScope();
        var reference = expected.to(ScalarType.Float64);
        var scale = Math.Max(reference.abs().max().item<double>(), 1e-12);
        var difference = (reference - actual.to(ScalarType.Float64)).abs().max().item<double>();
        Assert.True(
            difference <= tolerance * scale,
            $"{what}: differs by {difference / scale:E2} of its largest magnitude, allowed {tolerance:E1}"
        );
    }

    private static string SourceFolder([CallerFilePath] string file = "") => System.IO.Path.GetDirectoryName(file)!;
}
