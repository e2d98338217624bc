using System.CommandLine;
using TextualInversion.Cli.Infrastructure;
using TextualInversion.Cli.Terminal;
using TextualInversion.Embeddings;
using TextualInversion.Models.Tokenizers;

namespace TextualInversion.Cli.EmbeddingFiles;

/// <summary><c>ti merge</c>: new embeddings from given ones.</summary>
internal sealed class MergeCommand : CommandBase
{
    private readonly Argument<string[]> files = EmbeddingArguments.Several(
        "A B…",
        "Embeddings of any layout, for the same kind of model."
    );
    private readonly PathOption output = new("--output")
    {
        HelpName = "FILE",
        Description =
            "The file to write, in the diffusers layout, or in the sdxl layout for two text encoders. Several results "
            + "(--method split, --steps) are numbered: my-mix-1.safetensors, my-mix-2.safetensors.",
        Required = true,
    };
    private readonly ChoiceOption<MergeMethod> method = new("--method")
    {
        Description =
            "How to combine the embeddings. concatenate: one embedding with the vectors of all. average: the weighted "
            + "mean, vector by vector. slerp: a point on the arc from A to B, with a norm between theirs. split: each "
            + "vector of A into a file of its own. Default: concatenate.",
        DefaultValueFactory = _ => MergeMethod.Concatenate,
    };
    private readonly NumberListOption weights = new("--weights")
    {
        HelpName = "X,Y…",
        Description =
            "For --method average: the weight of each embedding, in the order of the files; only their "
            + "proportions count. Default: equal weights.",
        Example = "0.7,0.3",
    };
    private readonly OptionalNumberOption<double> at = new("--at")
    {
        HelpName = "X",
        Minimum = 0,
        Maximum = 1,
        Description = "For --method slerp: the place between A (0) and B (1). Default: 0.5.",
    };
    private readonly OptionalNumberOption<int> steps = new("--steps")
    {
        HelpName = "N",
        Minimum = 2,
        Maximum = 1000,
        Description = "For --method slerp: write N embeddings from A to B, both included, instead of one; 2 to 1000.",
    };
    private readonly NameOption trigger = new("--trigger")
    {
        HelpName = "NAME",
        Description =
            "The placeholder token by which prompts call the new embedding; several results are numbered. "
            + "Default: the name of the output file, <my-mix> for my-mix.safetensors.",
    };
    private readonly Option<bool> overwrite = SharedOptions.Overwrite();
    private readonly Option<bool> json = SharedOptions.Json();

    public MergeCommand()
        : base("merge", "Concatenate, average or interpolate embeddings, or split one into its vectors.")
    {
        Arguments.Add(files);
        AddGroup("Most used", output, method, weights, at, steps, trigger);
        AddGroup("Output", overwrite, json);
        SetAction(Run);
    }

    private enum MergeMethod
    {
        Concatenate,
        Average,
        Slerp,
        Split,
    }

    public override IReadOnlyList<string> Examples =>
        [
            "ti merge embeddings/my-cat.safetensors embeddings/my-style.safetensors --output "
                + "embeddings/my-cat-style.safetensors",
            "ti merge embeddings/my-cat.safetensors embeddings/my-dog.safetensors --method slerp --steps 5 "
                + "--output embeddings/cat-to-dog.safetensors",
        ];

    private int Run(ParseResult parsed)
    {
        var path = parsed.GetValue(output)!;
        var name = UsageException.Read(
            parsed.GetValue(trigger) is null ? output.Name : trigger.Name,
            () => Placeholder.Parse(parsed.GetValue(trigger) ?? Bracketed(Path.GetFileNameWithoutExtension(path))).Name
        );
        RefuseUnused(parsed);
        List<LearnedEmbedding> given = [];
        IReadOnlyList<LearnedEmbedding> merged = [];
        try
        {
            foreach (var file in parsed.GetValue(files)!)
                given.Add(EmbeddingFile.Read(file));
            RequireCount(parsed.GetValue(method), given.Count);
            merged = Merge(parsed, name, given);
            var paths =
                merged.Count == 1 && parsed.GetValue(steps) is null && parsed.GetValue(method) != MergeMethod.Split
                    ? [path]
                    : Enumerable.Range(1, merged.Count).Select(number => Numbered(path, number)).ToList();
            LayoutExtension.Require(output.Name, path, EmbeddingFormats.Default(merged[0].Rows.Count));
            foreach (var file in paths)
                OutputFile.RefuseToReplace(file, parsed.GetValue(overwrite), output.Name);
            foreach (var (file, embedding) in paths.Zip(merged))
                OutputFile.Write(
                    file,
                    parsed.GetValue(overwrite),
                    output.Name,
                    () => EmbeddingFile.Write(file, embedding, parsed.GetValue(overwrite))
                );
            var messages = new ConsoleLog(parsed.InvocationConfiguration.Error, quiet: false);
            WarnOfLength(merged, messages);
            WarnOfMark(given, messages);
            WriteResult(parsed, [.. paths.Zip(merged)]);
            return 0;
        }
        finally
        {
            foreach (var embedding in given.Concat(merged))
                embedding.Dispose();
        }
    }

    private IReadOnlyList<LearnedEmbedding> Merge(ParseResult parsed, string name, List<LearnedEmbedding> given) =>
        parsed.GetValue(method) switch
        {
            MergeMethod.Concatenate => [EmbeddingMerge.Concatenate(name, given)],
            MergeMethod.Average =>
            [
                EmbeddingMerge.Average(
                    name,
                    given,
                    parsed.GetValue(weights) is { Length: > 0 } chosen ? chosen : [.. given.Select(_ => 1.0)]
                ),
            ],
            MergeMethod.Slerp when parsed.GetValue(steps) is { } count =>
            [
                .. Enumerable
                    .Range(0, count)
                    .Select(i =>
                        EmbeddingMerge.Slerp(
                            EmbeddingMerge.Numbered(name, i + 1),
                            given[0],
                            given[1],
                            (double)i / (count - 1)
                        )
                    ),
            ],
            MergeMethod.Slerp => [EmbeddingMerge.Slerp(name, given[0], given[1], parsed.GetValue(at) ?? 0.5)],
            MergeMethod.Split => EmbeddingMerge.Split(name, given[0]),
            _ => throw new ArgumentOutOfRangeException(nameof(parsed)),
        };

    private void RefuseUnused(ParseResult parsed)
    {
        var chosen = parsed.GetValue(method);
        if (parsed.GetValue(weights) is { Length: > 0 } && chosen != MergeMethod.Average)
            throw new UsageException("--weights: belongs to --method average; say that, or leave it out.");
        if ((parsed.GetValue(at) is not null || parsed.GetValue(steps) is not null) && chosen != MergeMethod.Slerp)
            throw new UsageException("--at and --steps: belong to --method slerp; say that, or leave them out.");
        if (parsed.GetValue(at) is not null && parsed.GetValue(steps) is not null)
            throw new UsageException("--at and --steps are mutually exclusive.");
    }

    private static void RequireCount(MergeMethod method, int count)
    {
        var (isRight, wanted) = method switch
        {
            MergeMethod.Split => (count == 1, "one embedding"),
            MergeMethod.Slerp => (count == 2, "two embeddings"),
            _ => (count >= 2, "two embeddings or more"),
        };
        if (!isRight)
            throw new UsageException(
                $"--method {method.ToString().ToLowerInvariant()}: takes {wanted}, and {count} "
                    + $"{(count == 1 ? "is" : "are")} named."
            );
    }

    private static void WarnOfLength(IReadOnlyList<LearnedEmbedding> merged, ConsoleLog messages)
    {
        const int Room = 75; // tokens that CLIP's text encoders take between beginning and end
        if (merged.FirstOrDefault(embedding => embedding.Vectors > Room) is { } tooLong)
            messages.Warn(
                $"{tooLong.Trigger} has {tooLong.Vectors} vectors, and a prompt has room for {Room}, so no prompt can "
                    + "call it."
            );
    }

    /// <summary>The mark of embeddings for negative prompts is kept where all have it.</summary>
    private static void WarnOfMark(List<LearnedEmbedding> given, ConsoleLog messages)
    {
        var negative = given.Where(embedding => ModelSpec.IsNegative(embedding.Provenance)).ToList();
        if (negative.Count > 0 && negative.Count < given.Count)
            messages.Warn(
                $"{string.Join(", ", negative.Select(embedding => embedding.Trigger))} is marked for negative prompts "
                    + "and others are not, so the result is not marked."
            );
    }

    /// <summary>cat becomes &lt;cat&gt;, for the word itself is in the vocabulary.</summary>
    private static string Bracketed(string stem) => $"<{stem}>";

    private static string Numbered(string path, int number) =>
        Path.Combine(
            Path.GetDirectoryName(path)!,
            $"{Path.GetFileNameWithoutExtension(path)}-{number}{Path.GetExtension(path)}"
        );

    private void WriteResult(ParseResult parsed, List<(string Path, LearnedEmbedding Embedding)> written)
    {
        var output = parsed.InvocationConfiguration.Output;
        if (parsed.GetValue(json))
            output.WriteLine(
                JsonOutput.Serialize(
                    new
                    {
                        Embeddings = written.Select(file => new
                        {
                            Path = Path.GetFullPath(file.Path),
                            file.Embedding.Trigger,
                            file.Embedding.Vectors,
                            file.Embedding.Widths,
                        }),
                    }
                )
            );
        else
            foreach (var (path, _) in written)
                output.WriteLine(JsonOutput.Relative(path));
    }
}
