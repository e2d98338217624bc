using System.CommandLine;
using TextualInversion.Cli.Infrastructure;
using TextualInversion.Generation;

namespace TextualInversion.Cli.Generate.Options;

/// <summary>The options for the number of images, their seeds and grids.</summary>
internal sealed class PlanOptions
{
    private const int MostImages = 100_000;

    private readonly NumberOption<int> count = new("--count")
    {
        HelpName = "N",
        Minimum = 1,
        Maximum = MostImages,
        Description =
            $"The number of images of each prompt, 1 to {MostImages}. The first uses the seed, the next the seed + 1, "
            + "and so on. Default: 1.",
        DefaultValueFactory = _ => 1,
    };
    private readonly Option<ulong?> seed = SharedOptions.Seed();
    private readonly TextOption gridX = new("--grid-x")
    {
        CompletionSources = { GridAxis.Beginnings },
        HelpName = "NAME=VALUES",
        Description =
            "Write a grid of images whose columns differ in one setting, as in seed=1..4 or "
            + $"embedding-strength=0,0.5,1. The setting is {GridAxis.Names}.",
    };
    private readonly TextOption gridY = new("--grid-y")
    {
        CompletionSources = { GridAxis.Beginnings },
        HelpName = "NAME=VALUES",
        Description = "The same for the rows of the grid. With both there is an image for each pair of values.",
    };
    private readonly Option<bool> grid = new("--grid")
    {
        Description = "Also write one image that shows all images in rows and columns.",
    };

    public Option[] MostUsed => [count, seed];

    public Option[] Axes => [gridX, gridY];

    public Option Grid => grid;

    /// <summary>Whether to write a grid of all images.</summary>
    public bool HasGrid(ParseResult parsed) =>
        parsed.GetValue(grid) || parsed.GetValue(gridX) is not null || parsed.GetValue(gridY) is not null;

    /// <summary>The seed of the first image: the option's, else the recorded image's, else a random one.</summary>
    public ulong FirstSeed(ParseResult parsed, ImageMetadata? recorded) =>
        parsed.GetValue(seed) ?? recorded?.Seed ?? SharedOptions.DrawSeed();

    /// <summary>The LoRAs that the grid compares, each once.</summary>
    /// <exception cref="UsageException">A value is none.</exception>
    public IReadOnlyList<Lora> ComparedLoras(ParseResult parsed) =>
        [
            .. GridAxis
                .LorasOf(gridX.Name, parsed.GetValue(gridX))
                .Concat(GridAxis.LorasOf(gridY.Name, parsed.GetValue(gridY)))
                .Distinct(),
        ];

    /// <param name="parsed">The command line.</param>
    /// <param name="prompts">The options of an image of each prompt.</param>
    /// <param name="firstSeed">See <see cref="FirstSeed"/>.</param>
    /// <param name="hasEmbeddings">Whether prompts call embeddings.</param>
    /// <param name="hasLoras">Whether LoRAs are named with <c>--lora</c>.</param>
    /// <exception cref="TextualInversionException">An axis is wrong, or contradicts the count.</exception>
    public ImagePlan Make(
        ParseResult parsed,
        IReadOnlyList<GenerationSettings> prompts,
        ulong firstSeed,
        bool hasEmbeddings,
        bool hasLoras
    )
    {
        var (x, y) = (parsed.GetValue(gridX), parsed.GetValue(gridY));
        if (x is null && y is null)
            return ImagePlan.OfPrompts(prompts, firstSeed, parsed.GetValue(count));
        if (prompts.Count > 1 || parsed.GetValue(count) > 1)
            throw new UsageException(
                "--grid-x and --grid-y set the number of images; give one prompt and leave --count out "
                    + "(seed=1..4 is an axis)."
            );
        return ImagePlan.OfAxes(
            new ImageJob(prompts[0], firstSeed, new EmbeddingVariation()),
            x is null ? null : Axis(gridX, x),
            y is null ? null : Axis(gridY, y)
        );

        GridAxis Axis(TextOption option, string value) =>
            GridAxis.Parse(
                option.Name,
                value,
                prompts[0].Init is not null,
                hasEmbeddings,
                hasLoras || ComparedLoras(parsed).Count > 0
            );
    }
}
