using System.Globalization;
using System.Numerics;
using TextualInversion.Cli.Infrastructure;
using TextualInversion.IO;
using TextualInversion.Schedulers;

namespace TextualInversion.Cli.Generate;

/// <summary>
/// The setting that changes along a side of a grid: <c>seed=1..4</c>, <c>sampler=euler a,ddim</c>,
/// <c>embedding-strength=0,0.5,1</c>.
/// </summary>
internal sealed record GridAxis
{
    /// <summary>The settings that an axis can have, for the help.</summary>
    public const string Names =
        "seed, steps, guidance, sampler, embedding-strength, image-strength (the --strength for --init-image), "
        + "checkpoint (embedding files to compare, in the place of the first embedding), lora (LoRA files to compare, "
        + "in addition to --lora, each with @strength where wanted; none for no LoRA) or lora-strength (of all these)";

    private const string EmbeddingStrength = "embedding-strength";
    private const string Checkpoint = "checkpoint";
    private const string ImageStrength = "image-strength";
    private const string LoraFile = "lora";
    private const string LoraStrength = "lora-strength";
    private const string Strength = "strength"; // either, where only one is there

    private static readonly string[] Known =
    [
        "seed",
        "steps",
        "guidance",
        "sampler",
        EmbeddingStrength,
        ImageStrength,
        Checkpoint,
        LoraFile,
        LoraStrength,
    ];

    private const int MostValues = 100;

    /// <summary>The names with the sign behind them, as they are typed.</summary>
    public static string[] Beginnings { get; } = [.. Known.Select(name => $"{name}=")];

    private readonly string text; // as it was typed, with the option
    private readonly string name;

    private GridAxis(string text, string name, IReadOnlyList<string> values)
    {
        this.text = text;
        this.name = name;
        Values = values;
    }

    public IReadOnlyList<string> Values { get; }

    public IReadOnlyList<string> Labels =>
        [
            .. Values.Select(value =>
                name switch
                {
                    "sampler" => Samplers.DisplayName(Samplers.Parse(value)),
                    Checkpoint => Path.GetFileNameWithoutExtension(value),
                    LoraFile => LoraVariation.Label(value),
                    _ => $"{name} {value}",
                }
            ),
        ];

    /// <summary>
    /// Reads <c>NAME=VALUE,…</c>; <c>1..4</c> is 1, 2, 3, 4, and a checkpoint's file name may hold <c>*</c>.
    /// </summary>
    /// <param name="option">The option's name, for messages.</param>
    /// <param name="value">The value of the option.</param>
    /// <param name="hasInit">Whether there is an image to start from.</param>
    /// <param name="hasEmbeddings">Whether prompts call embeddings.</param>
    /// <param name="hasLoras">Whether there are LoRAs whose strength an axis can change.</param>
    /// <exception cref="UsageException">There is no such axis, or it has no values.</exception>
    public static GridAxis Parse(string option, string value, bool hasInit, bool hasEmbeddings, bool hasLoras)
    {
        var text = $"{option} {value}";
        var split = value.IndexOf('=');
        var name = NameOf(value);
        if (name == Strength)
            name = StrengthAxis(text, hasInit, hasEmbeddings);
        if (!Known.Contains(name))
            throw new UsageException($"{text}: there is no axis {name}; a grid goes over {Names}, as in seed=1..4.");
        if (name is EmbeddingStrength or Checkpoint && !hasEmbeddings)
            throw new UsageException(
                $"{text}: needs an embedding; name one with --embedding and call it in the prompt."
            );
        if (name is LoraStrength && !hasLoras)
            throw new UsageException($"{text}: needs a LoRA; name one with --lora.");
        var values = ValuesOf(text, name, split < 0 ? "" : value[(split + 1)..]);
        return new GridAxis(text, name, values);
    }

    /// <summary>The LoRAs that an axis compares; none if it is another axis.</summary>
    /// <param name="option">The option's name, for messages.</param>
    /// <param name="value">The value of the option, or null if it is not given.</param>
    /// <exception cref="UsageException">A strength is not a number.</exception>
    public static IReadOnlyList<Lora> LorasOf(string option, string? value) =>
        value is null || NameOf(value) != LoraFile
            ? []
            :
            [
                .. ValuesOf($"{option} {value}", LoraFile, value[(value.IndexOf('=') + 1)..])
                    .Select(LoraVariation.Parse)
                    .OfType<Lora>(),
            ];

    private static string NameOf(string value)
    {
        var split = value.IndexOf('=');
        return (split < 0 ? value : value[..split]).Trim().ToLowerInvariant();
    }

    private static List<string> ValuesOf(string text, string name, string list)
    {
        var values = list.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
            .SelectMany(each =>
                name switch
                {
                    Checkpoint or LoraFile => Files(each),
                    "seed" when each == "-1" => [Drawn()],
                    _ => Range(each),
                }
            )
            .Take(MostValues + 1)
            .ToList();
        if (values.Count is 0 or > MostValues)
            throw new UsageException(
                $"{text}: has {(values.Count == 0 ? "no" : "too many")} values; give up to {MostValues}, as in "
                    + $"{name}=1,2 or {name}=1..4."
            );
        if (values.GroupBy(each => each).FirstOrDefault(same => same.Count() > 1) is { } twice)
            throw new UsageException(
                $"{text}: has {twice.Key} twice; write decimal points, and commas only between the values, as in 7.5,9."
            );
        return values;
    }

    /// <exception cref="UsageException">The value is none of this axis.</exception>
    public ImageJob Apply(ImageJob job, string value) =>
        name switch
        {
            "seed" => job with { Seed = Number<ulong>(value) },
            "steps" => job with { Options = job.Options with { Steps = Number<int>(value) } },
            "guidance" => job with { Options = job.Options with { Guidance = Number<double>(value) } },
            "sampler" => job with
            {
                Options = job.Options with { Sampler = UsageException.Read(text, () => Samplers.Parse(value)) },
            },
            ImageStrength => job with { Options = job.Options with { Strength = Number<double>(value) } },
            LoraFile => job with { Loras = job.Loras with { Added = LoraVariation.Parse(value) } },
            LoraStrength => job with { Loras = job.Loras with { Strength = StrengthOf(value) } },
            EmbeddingStrength => job with { Variation = job.Variation with { Strength = StrengthOf(value) } },
            _ => job with { Variation = job.Variation with { Checkpoint = value } },
        };

    private static string StrengthAxis(string text, bool hasInit, bool hasEmbeddings) =>
        (hasInit, hasEmbeddings) switch
        {
            (true, true) => throw new UsageException(
                $"{text}: the strength may be that of --init-image or that of the embeddings; write {ImageStrength} "
                    + $"or {EmbeddingStrength}."
            ),
            (true, false) => ImageStrength,
            _ => EmbeddingStrength,
        };

    private T Number<T>(string value)
        where T : struct, INumber<T>, IMinMaxValue<T> =>
        Numbers.TryParse<T>(value, out var number, out _)
            ? number
            : throw new UsageException($"{text}: {value} is not a number; give numbers, as in {name}=1,2.");

    private double StrengthOf(string value) =>
        Strengths.TryParse(value, out var strength, out var problem)
            ? strength
            : throw new UsageException($"{text}: the strength is {value}; {problem}.");

    /// <summary>A random seed, as the option's -1 is one.</summary>
    private static string Drawn() => SharedOptions.DrawSeed().ToString(CultureInfo.InvariantCulture);

    private static IEnumerable<string> Range(string value)
    {
        if (
            value.Split("..") is not [var first, var last]
            || !ulong.TryParse(first, CultureInfo.InvariantCulture, out var begin)
            || !ulong.TryParse(last, CultureInfo.InvariantCulture, out var end)
        )
            return [value];
        return Enumerable
            .Range(0, (int)Math.Min(end >= begin ? end - begin + 1 : 0, MostValues + 1))
            .Select(i => (begin + (ulong)i).ToString(CultureInfo.InvariantCulture));
    }

    private static IEnumerable<string> Files(string value)
    {
        var folder = Path.GetDirectoryName(value) is { Length: > 0 } directory ? directory : ".";
        return value.Contains('*') && Directory.Exists(folder)
            ? FolderListing.Files(folder, Path.GetFileName(value))
            : [value];
    }
}
