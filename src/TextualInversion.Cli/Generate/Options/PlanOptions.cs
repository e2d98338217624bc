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
        Description = "Images of each prompt; image i uses seed + i. Default: 1.",
        DefaultValueFactory = _ => 1,
    };
    private readonly Option<ulong?> seed = SharedOptions.Seed();
    private readonly Option<string?> gridX = new("--grid-x")
    {
        HelpName = "NAME=VALUES",
        Description = $"A grid whose columns differ, as in seed=1..4 or embedding-strength=0,0.5,1: {GridAxis.Names}.",
    };
    private readonly Option<string?> gridY = new("--grid-y")
    {
        HelpName = "NAME=VALUES",
        Description = "The same for its rows.",
    };
    private readonly Option<bool> grid = new("--grid") { Description = "Also write a contact sheet of all images." };

    public Option[] MostUsed => [count, seed];

    public Option[] Axes => [gridX, gridY];

    public Option Grid => grid;

    /// <summary>Whether to write a grid of all images.</summary>
    public bool HasGrid(ParseResult parsed) =>
        parsed.GetValue(grid) || parsed.GetValue(gridX) is not null || parsed.GetValue(gridY) is not null;

    /// <summary>Of the first image; drawn where nobody names one.</summary>
    public ulong FirstSeed(ParseResult parsed, ImageMetadata? recorded) =>
        parsed.GetValue(seed) ?? recorded?.Seed ?? SharedOptions.DrawSeed();

    /// <exception cref="TextualInversionException">The count is out of range.</exception>
    public void Validate(ParseResult parsed)
    {
        if (parsed.GetValue(count) is var number and (< 1 or > MostImages))
            throw new UsageException($"--count {number}: choose a number from 1 to {MostImages}.");
    }

    /// <param name="parsed">The command line.</param>
    /// <param name="prompts">The options of an image of each prompt.</param>
    /// <param name="firstSeed">See <see cref="FirstSeed"/>.</param>
    /// <param name="hasEmbeddings">Whether prompts call embeddings.</param>
    /// <exception cref="TextualInversionException">An axis is wrong, or contradicts the count.</exception>
    public ImagePlan Make(
        ParseResult parsed,
        IReadOnlyList<GenerationSettings> prompts,
        ulong firstSeed,
        bool hasEmbeddings
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
            x is null ? null : Axis(x),
            y is null ? null : Axis(y)
        );

        GridAxis Axis(string text) => GridAxis.Parse(text, prompts[0].Init is not null, hasEmbeddings);
    }
}
