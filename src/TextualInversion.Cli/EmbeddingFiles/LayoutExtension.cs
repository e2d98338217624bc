using TextualInversion.Cli.Infrastructure;
using TextualInversion.Embeddings;

namespace TextualInversion.Cli.EmbeddingFiles;

/// <summary>The extensions that fit a layout.</summary>
internal static class LayoutExtension
{
    /// <summary>
    /// Refuses an extension that is none of the layout's. Programs go by it: no program loads a torch file called
    /// .safetensors.
    /// </summary>
    /// <param name="option">The option that named the file.</param>
    /// <param name="path">The file.</param>
    /// <param name="layout">Its layout.</param>
    /// <exception cref="UsageException">The extension does not fit.</exception>
    public static void Require(string option, string path, EmbeddingFormat layout)
    {
        if (!Of(layout).Contains(Path.GetExtension(path).ToLowerInvariant()))
            throw new UsageException(
                $"{option} {path}: a file of the layout {EmbeddingFormats.Name(layout)} ends in "
                    + $"{List(Of(layout))}; programs that go by the extension would not load it."
            );
    }

    /// <summary>The extensions that a layout's files may have, the usual one first.</summary>
    private static string[] Of(EmbeddingFormat layout) =>
        layout switch
        {
            EmbeddingFormat.Diffusers or EmbeddingFormat.Sdxl or EmbeddingFormat.WebUiSafetensors =>
            [
                ".safetensors",
                .. TorchExtensions.All,
            ],
            EmbeddingFormat.Png => [".png"],
            _ => [.. TorchExtensions.All],
        };

    private static string List(string[] extensions) =>
        extensions is [var only] ? only : $"{string.Join(", ", extensions[..^1])} or {extensions[^1]}";
}
