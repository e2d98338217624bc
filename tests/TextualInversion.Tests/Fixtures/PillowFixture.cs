using System.Text.Json;
using TextualInversion.Data;
using TextualInversion.Tensors;

namespace TextualInversion.Tests.Fixtures;

/// <summary>
/// Images as Pillow decoded or resized them. The script that made each file is in its metadata under <c>script</c>.
/// </summary>
internal static class PillowFixture
{
    public static SafetensorsFile Resize { get; } = Open("resize-pillow.safetensors");

    public static SafetensorsFile Decode { get; } = Open("decode-pillow.safetensors");

    /// <summary>The files of scripts/make-image-cases.py.</summary>
    public static SafetensorsFile Images { get; } = Open("images-pillow.safetensors");

    public static JsonElement[] Cases(SafetensorsFile file)
    {
        using var json = JsonDocument.Parse(file.Metadata["cases"]);
        return [.. json.RootElement.Clone().EnumerateArray()];
    }

    /// <summary>The content of the small image file <paramref name="name"/>, such as <c>rgb.png</c>.</summary>
    public static byte[] Content(string name) => Content(Decode, name);

    /// <summary>The content of the small image file <paramref name="name"/> in <paramref name="file"/>.</summary>
    public static byte[] Content(SafetensorsFile file, string name)
    {
        using var bytes = file.Read($"{name}.file");
        return [.. bytes.bytes];
    }

    /// <summary>The image in a tensor (H, W, 3) of bytes.</summary>
    public static RgbImage Image(SafetensorsFile file, string key)
    {
        using var pixels = file.Read(key);
        return new RgbImage([.. pixels.bytes], (int)pixels.shape[1], (int)pixels.shape[0]);
    }

    private static SafetensorsFile Open(string name) =>
        SafetensorsFile.Open(Path.Combine(Goldens.Repository, "tests", "TextualInversion.Tests", "Fixtures", name));
}
