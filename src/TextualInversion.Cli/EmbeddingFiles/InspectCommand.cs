using System.CommandLine;
using TextualInversion.Cli.Infrastructure;
using TextualInversion.Cli.ModelAccess;
using TextualInversion.Cli.Terminal;
using TextualInversion.Embeddings;
using TextualInversion.Models.Tokenizers;
using static TorchSharp.torch;

namespace TextualInversion.Cli.EmbeddingFiles;

/// <summary><c>ti inspect</c>: what embedding files are and who can use them.</summary>
internal sealed class InspectCommand : CommandBase
{
    private const int Neighbours = 5;

    private readonly Argument<string[]> files = EmbeddingArguments.Several(
        "FILE…|DIR",
        "Embeddings of any layout, or folders of them."
    );
    private readonly ModelOptions model = new("none; nothing is compared");
    private readonly Option<bool> json = SharedOptions.Json();

    public InspectCommand(ModelLocator models)
        : base(
            "inspect",
            "Describe embedding files: layout, trigger, vectors, model family, recorded settings, and how "
                + "other programs load them."
        )
    {
        Arguments.Add(files);
        AddGroup("Compare with a model's vocabulary", model.Model, model.Variant, model.Config);
        AddGroup("Output", json);
        SetAction((parsed, cancellationToken) => RunAsync(parsed, models, cancellationToken));
    }

    public override IReadOnlyList<string> Examples =>
        ["ti inspect embeddings/my-cat.safetensors --model demo", "ti inspect embeddings --json"];

    private async Task<int> RunAsync(ParseResult parsed, ModelLocator models, CancellationToken cancellationToken)
    {
        var messages = new ConsoleLog(parsed.InvocationConfiguration.Error, quiet: false);
        IReadOnlyList<Vocabulary> vocabularies = [];
        try
        {
            if (parsed.GetValue(model.Model) is not null)
                vocabularies = Vocabulary.Open(
                    (await models.FindAsync(model.Read(parsed), recorded: null, messages, cancellationToken)).Files
                );
            var reports = parsed
                .GetValue(files)!
                .SelectMany(path =>
                    Directory.Exists(path)
                        ? EmbeddingFolder.Files(path).SelectMany(file => TryDescribe(file, vocabularies, messages))
                        : Describe(path, vocabularies)
                )
                .ToList();
            if (reports.Count == 0)
                throw new TextualInversionException(
                    $"{string.Join(", ", parsed.GetValue(files)!)}: has no embedding that can be read; name a file, or "
                        + "another folder."
                );
            var output = parsed.InvocationConfiguration.Output;
            if (parsed.GetValue(json))
                output.WriteLine(
                    JsonOutput.Serialize(
                        new { Files = reports.Select(report => report with { Path = Path.GetFullPath(report.Path) }) }
                    )
                );
            else
                output.Write(string.Join(Environment.NewLine, reports.Select(report => report.ToText())));
            return 0;
        }
        finally
        {
            foreach (var vocabulary in vocabularies)
                vocabulary.Dispose();
        }
    }

    private static List<EmbeddingReport> TryDescribe(
        string path,
        IReadOnlyList<Vocabulary> vocabularies,
        ConsoleLog messages
    )
    {
        try
        {
            return Describe(path, vocabularies);
        }
        catch (TextualInversionException problem)
        {
            messages.Warn(problem.Message);
            return [];
        }
    }

    private static List<EmbeddingReport> Describe(string path, IReadOnlyList<Vocabulary> vocabularies)
    {
        var files = EmbeddingFile.OpenAll(path);
        try
        {
            return [.. files.Select(file => Describe(path, file, vocabularies))];
        }
        finally
        {
            foreach (var file in files)
                file.Dispose();
        }
    }

    private static EmbeddingReport Describe(string path, EmbeddingFile file, IReadOnlyList<Vocabulary> vocabularies)
    {
        var embedding = file.Embedding;
        if (
            vocabularies.Count > 0
            && !vocabularies.Select(vocabulary => vocabulary.Width).SequenceEqual(embedding.Widths)
        )
            throw new TextualInversionException(
                $"{path}: its vectors are {string.Join(" and ", embedding.Widths)} wide and the model's "
                    + $"{string.Join(" and ", vocabularies.Select(vocabulary => vocabulary.Width))}; "
                    + "inspect it with another --model, or with none."
            );
        return new EmbeddingReport
        {
            Path = path,
            Layout = EmbeddingFormats.Name(file.Layout),
            Origin = file.Origin,
            OutputEmbeddings = file.OutputKeys,
            OtherEncoders = file.UnusedKeys,
            Name = embedding.Name,
            Trigger = embedding.Trigger,
            Vectors = embedding.Vectors,
            Widths = embedding.Widths,
            Family = Family(embedding.Widths),
            Dtype = DTypes.Name(file.Type),
            Norms = [.. embedding.Rows.Select(Norms)],
            VocabularyNorms =
                vocabularies.Count == 0 ? null : [.. vocabularies.Select(vocabulary => vocabulary.Words.Norms)],
            Nearest =
                vocabularies.Count == 0
                    ? null
                    :
                    [
                        .. vocabularies.Zip(
                            embedding.Rows,
                            (vocabulary, rows) => vocabulary.Words.Find(rows, Neighbours)
                        ),
                    ],
            Recorded = embedding.Provenance,
            // Other programs do not read such names as they are; a converted file they do.
            Programs = file.Origin is null ? ToolCompatibility.Of(file) : [],
        };
    }

    private static double[] Norms(Tensor rows)
    {
        using var scope = NewDisposeScope();
        return [.. rows.norm(1).data<float>().ToArray().Select(norm => (double)norm)];
    }

    /// <summary>The model family whose text encoders have these widths, or null if no published one has.</summary>
    private static string? Family(IReadOnlyList<long> widths) =>
        widths switch
        {
            [768] => "sd1",
            [1024] => "sd2",
            [768, 1280] => "sdxl",
            _ => null,
        };
}
