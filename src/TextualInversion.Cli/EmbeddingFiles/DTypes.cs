using static TorchSharp.torch;

namespace TextualInversion.Cli.EmbeddingFiles;

/// <summary>The formats of numbers by the names that PyTorch has for them.</summary>
internal static class DTypes
{
    /// <summary>Those that embeddings are written in.</summary>
    public static readonly IReadOnlyList<string> Names = ["float32", "float16", "bfloat16"];

    public static string Name(ScalarType type) => type.ToString().ToLowerInvariant();

    public static ScalarType Parse(string name) => Enum.Parse<ScalarType>(name, ignoreCase: true);
}
