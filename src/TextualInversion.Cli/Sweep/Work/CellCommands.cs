using System.CommandLine;
using TextualInversion.Cli.Eval;
using TextualInversion.Cli.Infrastructure;
using TextualInversion.Cli.Sweep.Plan;
using TextualInversion.Cli.Train;
using TextualInversion.Data;

namespace TextualInversion.Cli.Sweep.Work;

/// <summary>The command line of <c>ti train</c> of each cell: a cell is the same as that command alone.</summary>
/// <param name="root">All commands.</param>
/// <param name="folder">The sweep's folder.</param>
/// <param name="device">The device that computes, or null for the standard one.</param>
internal sealed class CellCommands(Command root, SweepFolder folder, string? device)
{
    // Options of a cell that decide what its embedding is compared with, and on which model.
    private static readonly string[] SharedWithEval =
    [
        "--images",
        "--property",
        "--model",
        "--lora",
        "--variant",
        "--config",
        "--vae",
        "--prediction",
        "--precision",
        "--device",
    ];

    public TrainCommand Train { get; } = Find(root);

    public EvalCommand Eval { get; } = FindEval(root);

    /// <summary>The command of <c>ti eval</c>, which scores a cell.</summary>
    public static EvalCommand FindEval(Command root) => root.Subcommands.OfType<EvalCommand>().Single();

    /// <summary>The command of <c>ti train</c>, whose options a sweep sets.</summary>
    public static TrainCommand Find(Command root) => root.Subcommands.OfType<TrainCommand>().Single();

    /// <summary>The arguments that train a cell from its beginning, after <c>ti</c>.</summary>
    public IReadOnlyList<string> Arguments(SweepCell cell) =>
        [
            TrainCommand.CommandName,
            .. cell.Arguments,
            "--output",
            Path.GetFullPath(folder.FolderPath),
            "--name",
            cell.Name,
            .. Device,
        ];

    /// <summary>The command line that begins the training of a cell.</summary>
    public ParseResult Begin(SweepCell cell) => Parse([.. Arguments(cell), "--overwrite"]);

    /// <summary>The command line that trains a cell, from its state if it has one.</summary>
    public ParseResult BeginOrResume(SweepCell cell) =>
        folder.HasState(cell.Name)
            ? Parse([TrainCommand.CommandName, "--resume", Path.GetFullPath(folder.RunOf(cell.Name)), .. Device])
            : Begin(cell);

    /// <summary>The command line that scores a cell's embedding.</summary>
    public ParseResult Evaluate(SweepCell cell) =>
        Parse([
            Eval.Name,
            "--embedding",
            Path.GetFullPath(folder.EmbeddingOf(cell.Name)),
            "--cache",
            Path.Combine(Path.GetFullPath(folder.RunOf(cell.Name)), "eval"),
            "--json",
            .. ResumedCommand.Only(Begin(cell), SharedWithEval),
            .. cell.Evaluation ?? [],
        ]);

    /// <summary>The cells' arguments.</summary>
    /// <exception cref="TextualInversionException">
    /// An option of a cell cannot be used, or a concept has no images; the message names all problems.
    /// </exception>
    public IReadOnlyList<TrainRequest> Check(IReadOnlyList<SweepCell> cells, string source)
    {
        var problems = new SweepProblems(source);
        var requests = cells.Select(cell => Check(cell, problems)).OfType<TrainRequest>().ToList();
        foreach (var images in requests.Select(request => request.Images).DistinctBy(paths => string.Join('\n', paths)))
            Try(problems, "", () => ImageFiles.Find(images));
        problems.ThrowIfAny();
        return requests;
    }

    private TrainRequest? Check(SweepCell cell, SweepProblems problems)
    {
        var parsed = Begin(cell);
        foreach (var problem in UsageErrors.Of(parsed))
            problems.Add($"{cell.Name}: {problem}");
        foreach (var problem in cell.Evaluation is null ? [] : UsageErrors.Of(Evaluate(cell)))
            problems.Add($"{cell.Name}: eval: {problem}");
        return UsageErrors.Of(parsed).Count == 0 ? Try(problems, $"{cell.Name}: ", () => Train.Read(parsed)) : null;
    }

    private T? Try<T>(SweepProblems problems, string prefix, Func<T> read)
        where T : class
    {
        try
        {
            return read();
        }
        catch (TextualInversionException problem)
        {
            problems.Add(prefix + Train.MessageOf(problem));
            return null;
        }
        catch (UsageException problem)
        {
            problems.Add(prefix + problem.Message);
            return null;
        }
    }

    private IEnumerable<string> Device => device is null ? [] : ["--device", device];

    private ParseResult Parse(IReadOnlyList<string> arguments) =>
        root.Parse(arguments, new ParserConfiguration { ResponseFileTokenReplacer = null });
}
