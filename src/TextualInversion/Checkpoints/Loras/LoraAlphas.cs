using System.Text.Json;
using TextualInversion.Tensors;
using static TorchSharp.torch;

namespace TextualInversion.Checkpoints.Loras;

/// <summary>
/// What a LoRA's changes are multiplied by: alpha / r. kohya's scripts and LyCORIS store each layer's alpha as a
/// tensor, diffusers writes PEFT's config into the file's metadata. Without either, alpha is r.
/// </summary>
internal sealed class LoraAlphas
{
    private const string MetadataKey = "lora_adapter_metadata"; // diffusers' loaders/lora_base.py

    private readonly ITensorFile file;
    private readonly IReadOnlyDictionary<string, JsonElement> config;

    private LoraAlphas(ITensorFile file, IReadOnlyDictionary<string, JsonElement> config) =>
        (this.file, this.config) = (file, config);

    /// <exception cref="TextualInversionException">The metadata is not JSON.</exception>
    public static LoraAlphas Of(ITensorFile file)
    {
        if (file is not SafetensorsFile { Metadata: var metadata } || !metadata.TryGetValue(MetadataKey, out var text))
            return new LoraAlphas(file, new Dictionary<string, JsonElement>());
        try
        {
            return new LoraAlphas(file, JsonSerializer.Deserialize<Dictionary<string, JsonElement>>(text) ?? []);
        }
        catch (JsonException error)
        {
            throw new TextualInversionException(
                $"{file.FilePath}: its metadata {MetadataKey} cannot be read: {error.Message.TrimEnd('.')}.",
                error
            );
        }
    }

    /// <summary>The factor of a layer.</summary>
    /// <param name="alpha">The name of the tensor that holds alpha, or null.</param>
    /// <param name="layer">The layer's name in the file, such as <c>unet.conv_in</c>.</param>
    /// <param name="rank">The layer's rank.</param>
    /// <exception cref="TextualInversionException">Alpha is not a number.</exception>
    public double Scale(string? alpha, string layer, long rank)
    {
        if (alpha is not null)
            return Read(alpha) / rank;
        var part = layer.Split('.')[0];
        if (Number($"{part}.lora_alpha") is not { } common)
            return 1;
        var own = Pattern($"{part}.alpha_pattern", layer[Math.Min(part.Length + 1, layer.Length)..]) ?? common;
        return
            config.TryGetValue($"{part}.use_rslora", out var stabilized) && stabilized.ValueKind == JsonValueKind.True
            ? own / Math.Sqrt(rank)
            : own / rank;
    }

    private double Read(string name)
    {
        if (file.Tensors[name].Shape.Any(size => size != 1))
            throw new TextualInversionException(
                $"{file.FilePath}: {name} has the shape [{string.Join(", ", file.Tensors[name].Shape)}], and an alpha "
                    + "is one number."
            );
        using var scope = NewDisposeScope();
        var value = file.Read(name).to(ScalarType.Float64).item<double>();
        return double.IsFinite(value)
            ? value
            : throw new TextualInversionException($"{file.FilePath}: {name} is not a number.");
    }

    private double? Number(string key) =>
        config.TryGetValue(key, out var value) && value.ValueKind == JsonValueKind.Number ? value.GetDouble() : null;

    /// <summary>The value of the pattern that a layer's name ends with, as PEFT compares them.</summary>
    private double? Pattern(string key, string layer)
    {
        if (!config.TryGetValue(key, out var patterns) || patterns.ValueKind != JsonValueKind.Object)
            return null;
        foreach (var pattern in patterns.EnumerateObject())
            if (
                pattern.Value.ValueKind == JsonValueKind.Number
                && (layer == pattern.Name || layer.EndsWith("." + pattern.Name, StringComparison.Ordinal))
            )
                return pattern.Value.GetDouble();
        return null;
    }
}
