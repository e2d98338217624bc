using System.Text.RegularExpressions;
using TextualInversion.IO;

namespace TextualInversion.Checkpoints;

/// <summary>
/// Finds the weights in a model's sub-folder. diffusers and transformers name them
/// <c>diffusion_pytorch_model[.variant].safetensors</c> and <c>model[.variant].safetensors</c>. Weights in several
/// files have an index with the extension <c>.index[.variant].json</c>. Pickles, the last resort, have the extension
/// <c>.bin</c>.
/// </summary>
internal static partial class WeightFiles
{
    private const string PreferredVariant = "fp16";

    private static readonly string[] Types = [".safetensors", ".bin"]; // in the order of preference

    /// <param name="folder">The sub-folder.</param>
    /// <param name="variant">The variant to prefer. Null: the weights without a variant.</param>
    /// <exception cref="TextualInversionException">
    /// There are no weights, or several variants to choose from.
    /// </exception>
    public static string Find(string folder, string? variant)
    {
        var all = List(folder);
        foreach (var type in Types)
        {
            var files = all.Where(file => file.Type == type).ToList();
            var variants = files.Select(file => file.Variant).OfType<string>().Distinct().ToList();
            if (files.Find(file => variant is not null && file.Variant == variant) is { } asked)
                return asked.Path;
            if (files.Find(file => file.Variant is null) is { } plain)
                return plain.Path;
            if (variants.Count > 1 && !variants.Contains(PreferredVariant))
                throw TextualInversionException.ForParameter(
                    nameof(LoadOptions.Variant),
                    $"is missing: {folder} has weights in the variants {string.Join(", ", variants)}; choose one."
                );
            if (files.Find(file => variants.Count == 1 || file.Variant == PreferredVariant) is { } only)
                return only.Path;
        }

        var expected = Path.Combine(folder, Stem(folder, ".safetensors") + ".safetensors");
        throw new TextualInversionException($"{expected}: is missing; the model's folder is incomplete.");
    }

    /// <summary>The variants that a sub-folder has.</summary>
    public static IEnumerable<string> Variants(string folder) =>
        List(folder).Select(file => file.Variant).OfType<string>();

    /// <summary>All weights, whole ones before those in several files.</summary>
    private static List<Candidate> List(string folder)
    {
        if (!Directory.Exists(folder))
            return [];
        var found =
            from path in FolderListing.Files(folder)
            from type in Types
            let candidate = Parse(path, Stem(folder, type), type)
            where candidate is not null
            orderby path.EndsWith(".json", StringComparison.Ordinal), path
            select candidate;
        return [.. found];
    }

    private static Candidate? Parse(string path, string stem, string type)
    {
        var name = Path.GetFileName(path);
        if (!name.StartsWith(stem + ".", StringComparison.Ordinal) || Shard().IsMatch(name))
            return null;
        return name[(stem.Length + 1)..].Split('.') switch
        {
            [var last] when "." + last == type => new(path, type, null),
            [var first, "index", "json"] when "." + first == type => new(path, type, null),
            [var variant, var last] when "." + last == type => new(path, type, variant),
            [var first, "index", var variant, "json"] when "." + first == type => new(path, type, variant),
            [var variant, var second, "index", "json"] when "." + second == type => new(path, type, variant),
            _ => null,
        };
    }

    private static string Stem(string folder, string type)
    {
        var isTransformers = Path.GetFileName(folder).StartsWith("text_encoder", StringComparison.Ordinal);
        return !isTransformers ? "diffusion_pytorch_model"
            : type == ".bin" ? "pytorch_model"
            : "model";
    }

    [GeneratedRegex(@"-\d+-of-\d+\.")]
    private static partial Regex Shard();

    private sealed record Candidate(string Path, string Type, string? Variant);
}
