using TextualInversion.Cli.Infrastructure;
using TextualInversion.Embeddings;

namespace TextualInversion.Cli.EmbeddingFiles;

/// <summary>The extensions that fit a layout.</summary>
internal static class LayoutExtension
{
    /// <summary>
    /// Refuses the extension of another layout. Programs go by it: no program loads a torch file called .safetensors.
    /// </summary>
    /// <param name="option">The option that named the file.</param>
    /// <param name="path">The file.</param>
    /// <param name="layout">Its layout.</param>
    /// <exception cref="UsageException">The extension does not fit.</exception>
    public static void Require(string option, string path, EmbeddingFormat layout)
    {
        var extension = Path.GetExtension(path).ToLowerInvariant();
        var usual = EmbeddingFormats.Extension(layout);
        var isFree = layout is EmbeddingFormat.Diffusers or EmbeddingFormat.Sdxl or EmbeddingFormat.WebUiSafetensors;
        var fits =
            extension == usual
            || !EmbeddingFile.Extensions.Contains(extension)
            || (TorchExtensions.Has(path) && (isFree || TorchExtensions.Has(usual)));
        if (!fits)
            throw new UsageException(
                $"{option} {path}: a file of the layout {EmbeddingFormats.Name(layout)} ends in {usual}; programs "
                    + "that go by the extension would not load it."
            );
    }
}
