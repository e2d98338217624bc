using TextualInversion.Cli.EmbeddingFiles;
using TextualInversion.Cli.Infrastructure;
using TextualInversion.Cli.ModelAccess;
using TextualInversion.Generation;

namespace TextualInversion.Cli.Generate;

/// <summary>An image to generate.</summary>
/// <param name="Options">Prompt, sampler, size and so on.</param>
/// <param name="Seed">The seed of its noise.</param>
/// <param name="Variation">The changes that a grid makes to the embeddings.</param>
internal sealed record ImageJob(GenerationSettings Options, ulong Seed, EmbeddingVariation Variation)
{
    /// <summary>The changes that a grid makes to the LoRAs.</summary>
    public LoraVariation Loras { get; init; } = new();
}

/// <summary>The changes that a grid makes to the LoRAs of <c>--lora</c>.</summary>
/// <param name="Strength">The strength of all of them and of the added one, or null to keep that of each.</param>
/// <param name="Added">Another LoRA, or null.</param>
internal sealed record LoraVariation(double? Strength = null, Lora? Added = null)
{
    private const string None = "none";

    /// <summary>The LoRA that a value of an axis names, or null for none.</summary>
    /// <exception cref="UsageException">The strength is not a number.</exception>
    public static Lora? Parse(string value) =>
        value.Equals(None, StringComparison.OrdinalIgnoreCase) ? null : LoraArgument.Parse(value);

    /// <summary>The label of a value in the grid.</summary>
    public static string Label(string value) =>
        Parse(value) is not { } lora ? "no LoRA"
        : lora.Strength == 1 ? Path.GetFileNameWithoutExtension(lora.Path)
        : $"{Path.GetFileNameWithoutExtension(lora.Path)} {Numbers.Format(lora.Strength)}";

    /// <summary>The LoRAs of <c>--lora</c>, varied.</summary>
    public IReadOnlyList<Lora> Apply(IReadOnlyList<Lora> loras)
    {
        IEnumerable<Lora> all = Added is null ? loras : loras.Append(Added);
        return [.. all.Select(lora => Strength is { } strength ? new Lora(lora.Path, strength) : lora)];
    }
}

/// <summary>The changes that a grid makes to the embeddings.</summary>
/// <param name="Strength">The strength of all embeddings, or null to keep that of each.</param>
/// <param name="Checkpoint">A file that replaces the first embedding, or null.</param>
internal sealed record EmbeddingVariation(double? Strength = null, string? Checkpoint = null)
{
    /// <summary>The arguments of embeddings that prompts call, varied.</summary>
    public IReadOnlyList<EmbeddingArgument> Apply(PromptEmbeddings embeddings)
    {
        var arguments = embeddings
            .Set.Arguments.Select(argument => argument with { Strength = Strength ?? argument.Strength })
            .ToList();
        if (Checkpoint is not null)
            arguments[0] = arguments[0] with { Path = Checkpoint, Trigger = embeddings.Triggers[0], Bundled = null };
        return arguments;
    }
}

/// <summary>Images in rows, as a grid shows them.</summary>
internal sealed record ImagePlan(
    IReadOnlyList<IReadOnlyList<ImageJob>> Rows,
    IReadOnlyList<string> ColumnLabels,
    IReadOnlyList<string> RowLabels
)
{
    private const int LongestRow = 8; // of a grid with one axis, before it is wrapped

    public IReadOnlyList<ImageJob> Jobs { get; } = [.. Rows.SelectMany(row => row)];

    /// <summary>Each prompt with each seed: a row for each prompt, or for one prompt as many rows as columns.</summary>
    public static ImagePlan OfPrompts(IReadOnlyList<GenerationSettings> prompts, ulong firstSeed, int count)
    {
        var jobs = prompts
            .SelectMany(options =>
                Enumerable
                    .Range(0, count)
                    .Select(i => new ImageJob(options, firstSeed + (ulong)i, new EmbeddingVariation()))
            )
            .ToList();
        if (prompts.Count == 1)
            return new ImagePlan([.. jobs.Chunk((int)Math.Ceiling(Math.Sqrt(count)))], [], []);
        var seeds = count == 1 ? [] : jobs.Take(count).Select(job => $"seed {job.Seed}").ToList();
        var labels = PromptLabels.Of([.. prompts.Select(options => options.Prompt)]);
        return new ImagePlan([.. jobs.Chunk(count)], seeds, labels);
    }

    /// <summary>One image, varied along one or two axes.</summary>
    public static ImagePlan OfAxes(ImageJob job, GridAxis? x, GridAxis? y)
    {
        List<ImageJob> Along(ImageJob one, GridAxis? axis) =>
            axis is null ? [one] : [.. axis.Values.Select(value => axis.Apply(one, value))];
        var rows = Along(job, y).Select(row => Along(row, x)).ToList();
        if (y is null && rows[0].Count > LongestRow)
            rows = [.. rows[0].Chunk((int)Math.Ceiling(Math.Sqrt(rows[0].Count))).Select(row => row.ToList())];
        return new ImagePlan([.. rows], x?.Labels ?? [], y?.Labels ?? []);
    }
}
