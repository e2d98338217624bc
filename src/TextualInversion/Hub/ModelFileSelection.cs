using System.Text.Json;
using System.Text.RegularExpressions;
using TextualInversion.Checkpoints;

namespace TextualInversion.Hub;

/// <summary>
/// Selects the files of a repository that a Stable Diffusion needs; many repositories hold the same weights in several
/// formats.
/// </summary>
internal static partial class ModelFileSelection
{
    private static readonly string[] Networks = ["unet", "vae", "text_encoder", "text_encoder_2"];
    private static readonly string[] Tokenizers = ["tokenizer", "tokenizer_2"];
    private static readonly string[] TokenizerFiles =
    [
        "vocab.json",
        "merges.txt",
        "tokenizer.json",
        "tokenizer_config.json",
        "special_tokens_map.json",
        "added_tokens.json",
    ];

    /// <summary>
    /// Selects configs, tokenizers and one set of weights for each network; for sharded weights the index, see
    /// <see cref="Shards"/>.
    /// </summary>
    /// <param name="name">The repository, for messages.</param>
    /// <param name="files">All paths of the repository.</param>
    /// <param name="variant">The variant, such as <c>fp16</c>. Null: the plain weights, or the only variant.</param>
    /// <exception cref="TextualInversionException">
    /// The repository is not a Stable Diffusion in diffusers' layout, lacks a part, or has no such variant.
    /// </exception>
    public static IReadOnlyList<string> Select(string name, IReadOnlySet<string> files, string? variant)
    {
        RequireLayout(name, files);
        var parts = Networks.Where(part => files.Contains($"{part}/config.json")).ToList();
        var weights = parts.Select(part => WeightsOf(name, files, part, variant)).ToList();
        if (variant is not null && !weights.Exists(file => VariantOf(file) == variant))
            throw new TextualInversionException($"{name}: has no weights of the variant {variant}{Offer(files)}.");
        var tokenizers = Tokenizers.SelectMany(folder => TokenizerFiles, (folder, file) => $"{folder}/{file}");
        return
        [
            "scheduler/scheduler_config.json",
            .. tokenizers.Concat(["model_index.json", "generation_config.json"]).Where(files.Contains),
            .. parts.Select(part => $"{part}/config.json"),
            .. weights,
        ];
    }

    /// <summary>
    /// Whether the file holds weights. Weights are downloaded last: if they exist, the other files do too.
    /// </summary>
    public static bool IsWeights(string file) =>
        file.EndsWith(".safetensors", StringComparison.Ordinal) || file.EndsWith(".bin", StringComparison.Ordinal);

    public static bool IsIndex(string file) => IndexName().IsMatch(file);

    /// <summary>The first part that the pipeline names and that has no file, or null if none is missing.</summary>
    /// <exception cref="TextualInversionException">The text is not a model_index.json.</exception>
    public static string? MissingPart(string name, IReadOnlySet<string> files, string modelIndex)
    {
        try
        {
            using var json = JsonDocument.Parse(modelIndex);
            var named = json
                .RootElement.EnumerateObject()
                .Where(part =>
                    part.Value.ValueKind == JsonValueKind.Array && part.Value[0].ValueKind != JsonValueKind.Null
                )
                .Select(part => part.Name);
            return named
                .Intersect([.. Networks, .. Tokenizers])
                .FirstOrDefault(part => !files.Any(file => file.StartsWith(part + "/", StringComparison.Ordinal)));
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException or IndexOutOfRangeException)
        {
            throw new TextualInversionException($"{name}: model_index.json does not name the model's parts.", error);
        }
    }

    /// <summary>The weight files that an index names, as paths of the repository.</summary>
    /// <exception cref="TextualInversionException">
    /// The text is not an index, or names a file that the repository does not have.
    /// </exception>
    public static IReadOnlyList<string> Shards(string name, IReadOnlySet<string> files, string index, string text)
    {
        try
        {
            using var json = JsonDocument.Parse(text);
            var folder = index[..(index.LastIndexOf('/') + 1)];
            var shards = json
                .RootElement.GetProperty("weight_map")
                .EnumerateObject()
                .Select(entry => entry.Value.GetString() ?? "")
                .Distinct()
                .Select(shard => folder + shard)
                .ToList();
            return shards.Find(shard => !files.Contains(shard)) is { } missing
                ? throw new TextualInversionException(
                    $"{name}: {index} names {missing}, which is not there; the repository is incomplete."
                )
                : shards;
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException or KeyNotFoundException)
        {
            throw new TextualInversionException($"{name}: {index} is not an index of weights.", error);
        }
    }

    private static void RequireLayout(string name, IReadOnlySet<string> files)
    {
        string[] needed =
        [
            "unet/config.json",
            "vae/config.json",
            "text_encoder/config.json",
            "scheduler/scheduler_config.json",
        ];
        if (Array.Find(needed, file => !files.Contains(file)) is not { } missing)
            return;
        var single = files
            .Where(file =>
                !file.Contains('/')
                && (
                    file.EndsWith(".safetensors", StringComparison.Ordinal)
                    || file.EndsWith(".ckpt", StringComparison.Ordinal)
                )
            )
            .Order(StringComparer.Ordinal)
            .ToList();
        throw new TextualInversionException(
            $"{name}: has no {missing}, so it is not a Stable Diffusion in diffusers' layout"
                + (
                    single.Count == 0
                        ? "; choose another repository."
                        : $"; it holds {string.Join(", ", single)}: download one of them and use the file as the model."
                )
        );
    }

    /// <summary>
    /// The weights that <see cref="ModelFolder"/> would choose: safetensors before pickles, the given variant before
    /// the plain weights and those before other variants, whole files before shards.
    /// </summary>
    private static string WeightsOf(string name, IReadOnlySet<string> files, string part, string? variant)
    {
        var candidates =
            from file in files
            where file.StartsWith(part + "/", StringComparison.Ordinal)
            let match = WeightsName().Match(file[(part.Length + 1)..])
            where match.Success
            let found = VariantOf(file)
            orderby match.Groups["pickle"].Success, found == variant ? 0
            : found is null ? 1
            : found == "fp16" ? 2
            : 3, match.Groups["index"].Success, file
            select file;
        return candidates.FirstOrDefault()
            ?? throw new TextualInversionException(
                $"{name}: {part}/ has no weights (.safetensors or .bin); the repository is incomplete."
            );
    }

    private static string Offer(IReadOnlySet<string> files)
    {
        var variants = files
            .Where(file => file.StartsWith("unet/", StringComparison.Ordinal) && WeightsName().IsMatch(file[5..]))
            .Select(VariantOf)
            .OfType<string>()
            .Distinct()
            .Order(StringComparer.Ordinal)
            .ToList();
        return variants.Count == 0 ? "; leave the variant out" : $"; it has {string.Join(", ", variants)}";
    }

    private static string? VariantOf(string file) =>
        WeightsName().Match(file[(file.LastIndexOf('/') + 1)..]).Groups["variant"] is { Success: true } variant
            ? variant.Value
            : null;

    // model.fp16.safetensors, pytorch_model.bin, diffusion_pytorch_model.safetensors.index.fp16.json …, but no shards.
    [GeneratedRegex(
        @"^(diffusion_pytorch_model|model|pytorch_model)(\.(?<variant>[A-Za-z]\w*))?"
            + @"\.(safetensors|(?<pickle>bin))(?<index>\.index(\.(?<variant>[A-Za-z]\w*))?\.json)?\z"
    )]
    private static partial Regex WeightsName();

    [GeneratedRegex(@"\.index(\.\w+)?\.json\z")]
    private static partial Regex IndexName();
}
