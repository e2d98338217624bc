using System.Globalization;
using System.Text;
using TextualInversion.Embeddings;
using TextualInversion.IO;
using TextualInversion.Models.Tokenizers;

namespace TextualInversion.Cli.EmbeddingFiles;

/// <summary>The report of <c>ti inspect</c> about an embedding. It is also its JSON.</summary>
internal sealed record EmbeddingReport
{
    public required string Path { get; init; }

    public required string Layout { get; init; }

    /// <summary>See <see cref="EmbeddingFile.Origin"/>.</summary>
    public string? Origin { get; init; }

    /// <summary>See <see cref="EmbeddingFile.OutputKeys"/>.</summary>
    public IReadOnlyList<string> OutputEmbeddings { get; init; } = [];

    /// <summary>See <see cref="EmbeddingFile.UnusedKeys"/>.</summary>
    public IReadOnlyList<string> OtherEncoders { get; init; } = [];

    /// <summary>The name in addition to the trigger, or null.</summary>
    public required string? Name { get; init; }

    public required string Trigger { get; init; }

    public required int Vectors { get; init; }

    /// <summary>The width of the vectors of each text encoder.</summary>
    public required IReadOnlyList<long> Widths { get; init; }

    /// <summary><c>sd1</c>, <c>sd2</c> or <c>sdxl</c>, or null for other widths.</summary>
    public required string? Family { get; init; }

    public required string Dtype { get; init; }

    /// <summary>The norms of the vectors of each text encoder.</summary>
    public required IReadOnlyList<double[]> Norms { get; init; }

    /// <summary>The norms of the vocabulary of each text encoder, or null without a model.</summary>
    public required IReadOnlyList<NormRange>? VocabularyNorms { get; init; }

    /// <summary>The nearest words of each vector of each text encoder, or null without a model.</summary>
    public required IReadOnlyList<IReadOnlyList<IReadOnlyList<NearWord>>>? Nearest { get; init; }

    public required IReadOnlyDictionary<string, string> Recorded { get; init; }

    public required IReadOnlyList<ToolCompatibility> Programs { get; init; }

    public string ToText()
    {
        var text = new StringBuilder($"{PrintableText.Of(Path)}{Environment.NewLine}");
        Line("layout", $"{Layout}, {Dtype}{(Origin is null ? "" : $" ({Origin})")}");
        if (OutputEmbeddings.Count > 0)
            Line("output embeddings", $"{string.Join(", ", OutputEmbeddings)}; not supported");
        if (OtherEncoders.Count > 0)
            Line("other encoders", $"{string.Join(", ", OtherEncoders)}; not used");
        if (Name is not null)
            Line("name", Name);
        Line("trigger", Trigger);
        Line("vectors", $"{Vectors} x {string.Join(" and ", Widths)}, for {FamilyName()}");
        for (var encoder = 0; encoder < Widths.Count; encoder++)
            WriteRows(encoder);
        foreach (var (key, value) in Recorded.Where(pair => IsNews(pair.Key)))
            Line(key, value);
        if (ModelSpec.IsNegative(Recorded))
            Line("use", "in the negative prompt");
        foreach (var use in Programs)
            Line(use.Program, use.Loads ? use.How : $"no; {use.How}");
        return text.ToString();

        void Line(string title, string content) =>
            text.AppendLine(
                PrintableText.Of(string.Create(CultureInfo.InvariantCulture, $"  {title, -20}  {content}"))
            );

        void WriteRows(int encoder)
        {
            var title = Widths.Count == 1 ? "" : $" ({Widths[encoder]})";
            var vocabulary = VocabularyNorms?[encoder] is not { } range
                ? ""
                : $"; the vocabulary's {Number(range.Smallest)} to {Number(range.Largest)}, mean {Number(range.Mean)}";
            Line($"norms{title}", $"{string.Join(" ", Norms[encoder].Select(Number))}{vocabulary}");
            foreach (var (row, words) in (Nearest?[encoder] ?? []).Index())
                Line(
                    $"nearest to {row + 1}{title}",
                    string.Join(", ", words.Select(word => $"{word.Word} {Number(word.Cosine)}"))
                );
        }
    }

    /// <summary>ModelSpec's metadata repeat the rest, for other programs; the JSON has them.</summary>
    private static bool IsNews(string key) => !key.StartsWith(ModelSpec.Prefix, StringComparison.Ordinal);

    private string FamilyName() =>
        Family switch
        {
            "sd1" => "Stable Diffusion 1",
            "sd2" => "Stable Diffusion 2",
            "sdxl" => "Stable Diffusion XL",
            _ => "a model of that width",
        };

    private static string Number(double value) => value.ToString("0.00", CultureInfo.InvariantCulture);
}
