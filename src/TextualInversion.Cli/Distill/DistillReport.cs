using System.Globalization;
using TextualInversion.Cli.Infrastructure;
using TextualInversion.Cli.Terminal;
using TextualInversion.Evaluation;
using TextualInversion.Training.Distillation;

namespace TextualInversion.Cli.Distill;

/// <summary>The result of <c>ti distill</c>: the file, how near it is to the whole prompt, and what it costs.</summary>
internal sealed class DistillReport
{
    private readonly DistillationResult result;
    private readonly string? firstWords;

    /// <param name="request">The prompt and the file.</param>
    /// <param name="model">The model as it is recorded.</param>
    /// <param name="options">The options.</param>
    /// <param name="result">The result, which is read only in this constructor and by <see cref="Write"/>.</param>
    public DistillReport(DistillRequest request, string model, DistillationOptions options, DistillationResult result)
    {
        (this.result, firstWords) = (result, result.FirstWords);
        Embedding = Path.GetFullPath(request.Path);
        (Token, Prompt, Model) = (request.Placeholder.Name, request.Prompt, model);
        (Vectors, Tokens, Seed, BestStep) = (options.Vectors, result.Tokens, options.Seed, result.BestStep);
        (Steps, Cancelled) = (result.Steps, result.IsCancelled);
        Compared = [.. result.Distances.Select(distance => Compare(distance, result))];
    }

    public string Embedding { get; }

    public string Token { get; }

    public string Prompt { get; }

    public string Model { get; }

    /// <summary>The tokens that the embedding takes in a prompt.</summary>
    public int Vectors { get; }

    /// <summary>The tokens that the whole prompt takes.</summary>
    public int Tokens { get; }

    public ulong Seed { get; }

    /// <inheritdoc cref="DistillationResult.BestStep"/>
    public int BestStep { get; }

    public int Steps { get; }

    public bool Cancelled { get; }

    /// <summary>The vectors, and what they are compared with; empty if it was canceled.</summary>
    public IReadOnlyList<Row> Compared { get; }

    /// <summary>Whether the vectors' noise predictions are nearer to the whole prompt's than truncation's.</summary>
    internal bool IsNearer => Cancelled || Compared[0].Noise < Compared[1].Noise;

    /// <summary>What the vectors are compared with first, for messages.</summary>
    internal string Truncated =>
        firstWords is null ? $"its first {Plural.Of(Vectors, "vector")}" : $"its first {Plural.Of(Vectors, "word")}";

    /// <summary>Writes it as text.</summary>
    public void Write(TextWriter output)
    {
        output.WriteLine(JsonOutput.Relative(Embedding));
        if (Cancelled)
            return;
        output.WriteLine();
        output.WriteLine("Distance from the whole prompt:");
        var table = new PlainTable().AddColumn("in place of it").AddColumn("tokens").AddColumn("noise");
        table.AddColumn("noise, among other words");
        if (Compared[0].Images is not null)
            table.AddColumn("images");
        foreach (var row in Compared)
            table.AddRow(Cells(row));
        table.AddRow(Cells(new Row("the whole prompt", Tokens, 0, 0, Compared[0].Images is null ? null : [0])));
        table.Write(output);
        if (Nearer() is { } nearer)
            output.WriteLine($"Its images are nearer than those of {Truncated} by {nearer}.");
    }

    private Row Compare(DistillationDistance distance, DistillationResult all)
    {
        var empty = all.Of(DistillationRival.Empty);
        var (name, tokens) = distance.Rival switch
        {
            DistillationRival.Vectors => ($"{Token}", Vectors),
            DistillationRival.Truncated when firstWords is null => (Truncated, Vectors),
            DistillationRival.Truncated => (Truncated, all.TruncatedTokens),
            DistillationRival.Empty => ("nothing", 0),
            _ => throw new ArgumentOutOfRangeException(nameof(distance)),
        };
        return new Row(
            name,
            tokens,
            DistillationDistance.Relative(distance.Noise, empty.Noise),
            DistillationDistance.Relative(distance.AmongWords, empty.AmongWords),
            distance.Images.Count == 0 ? null : distance.Images
        );
    }

    private static IEnumerable<string> Cells(Row row)
    {
        string[] cells = [row.Name, $"{row.Tokens}", Number(row.Noise), Number(row.NoiseAmongWords)];
        return row.Images is null ? cells : cells.Append(Number(row.Images.Average()));
    }

    private string? Nearer()
    {
        var (own, other) = (result.Distances[0].Images, result.Distances[1].Images);
        if (own.Count < 2)
            return null;
        var nearer = Estimate.OfDifferences(other, own);
        return $"{Number(nearer.Mean)} ± {Number(nearer.StandardError)} of 255";
    }

    private static string Number(double value) => value.ToString("0.###", CultureInfo.InvariantCulture);

    /// <summary>Something in place of the whole prompt.</summary>
    /// <param name="Name">What it is.</param>
    /// <param name="Tokens">The tokens that it takes in a prompt.</param>
    /// <param name="Noise">
    /// The mean squared difference of noise predictions from those with the whole prompt, where that of the empty
    /// prompt is 1.
    /// </param>
    /// <param name="NoiseAmongWords">The same within other words.</param>
    /// <param name="Images">
    /// For each seed the root of the mean squared difference of pixels, 0 to 255; or null without images.
    /// </param>
    internal sealed record Row(
        string Name,
        int Tokens,
        double Noise,
        double NoiseAmongWords,
        IReadOnlyList<double>? Images
    );
}
