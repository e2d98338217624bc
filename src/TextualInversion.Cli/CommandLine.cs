using System.CommandLine;
using System.CommandLine.Help;
using System.Runtime.InteropServices;
using TextualInversion.Cli.Check;
using TextualInversion.Cli.EmbeddingFiles;
using TextualInversion.Cli.Eval;
using TextualInversion.Cli.Generate;
using TextualInversion.Cli.Infrastructure;
using TextualInversion.Cli.ModelAccess;
using TextualInversion.Cli.Report;
using TextualInversion.Cli.Train;
using TextualInversion.Native;

namespace TextualInversion.Cli;

/// <summary>From arguments to an exit code: 0 done, 1 a problem the user can fix, 2 wrong usage, 130 cancelled.</summary>
internal static class CommandLine
{
    private const int Fixable = 1,
        WrongUsage = 2,
        Cancelled = 130;

    /// <param name="args">as the shell gives them</param>
    /// <param name="output">for results</param>
    /// <param name="error">for progress, warnings and errors</param>
    /// <param name="variable">from an environment variable's name to its value</param>
    public static async Task<int> RunAsync(
        string[] args,
        TextWriter output,
        TextWriter error,
        Func<string, string?> variable
    )
    {
        var root = Root(variable);
        var parsed = root.Parse(args);
        if (parsed.Errors.Count > 0 && parsed.Action is not HelpPage)
            return Refuse(parsed, error);

        using var cancellation = new CancellationTokenSource();
        // Ctrl-C, a service manager or batch system that ends jobs, a terminal that is closed (unless under nohup: what is ignored stays ignored).
        using var interrupt = PosixSignalRegistration.Create(
            PosixSignal.SIGINT,
            signal => Cancel(signal, cancellation)
        );
        using var terminate = PosixSignalRegistration.Create(
            PosixSignal.SIGTERM,
            signal => Cancel(signal, cancellation)
        );
        using var hangUp = PosixSignalRegistration.Create(PosixSignal.SIGHUP, signal => Cancel(signal, cancellation));
        try
        {
            var configuration = new InvocationConfiguration
            {
                EnableDefaultExceptionHandler = false,
                ProcessTerminationTimeout = null,
                Output = output,
                Error = error,
            };
            if (
                parsed.CommandResult.Command is CommandBase { UsesTorch: true } command
                && parsed.Action == command.Action
            )
                TorchRuntime.Initialize(Settings(variable));
            return await parsed.InvokeAsync(configuration, cancellation.Token);
        }
        catch (TextualInversionException problem)
        {
            await error.WriteLineAsync($"error: {problem.Message}");
            return Fixable;
        }
        catch (OperationCanceledException)
        {
            await error.WriteLineAsync("cancelled");
            return Cancelled;
        }
    }

    private static TorchRuntimeOptions Settings(Func<string, string?> variable) =>
        new() { CacheFolder = UserCache.Find(variable), TuneAllocator = true };

    private static RootCommand Root(Func<string, string?> variable)
    {
        var root = new RootCommand(
            "Teaches a frozen Stable Diffusion a new word from a few images (textual inversion), and paints with it."
        );
        var models = new ModelLocator(variable);
        CommandBase[] commands =
        [
            new TrainCommand(models),
            new GenerateCommand(models),
            new CheckCommand(models),
            new EvalCommand(models, variable),
            new ReportCommand(),
            new InspectCommand(models),
            new ConvertCommand(),
            new MergeCommand(),
            new ModelsCommand(variable),
        ];
        foreach (var command in commands)
            root.Subcommands.Add(command);
        root.SetAction(parsed => new HelpPage().Invoke(parsed));
        var help = root.Options.OfType<HelpOption>().Single();
        help.Description = "Says what a command does and shows its options.";
        help.Action = new HelpPage();
        return root;
    }

    private static int Refuse(ParseResult parsed, TextWriter error)
    {
        foreach (var problem in parsed.Errors.Select(problem => problem.Message).Distinct())
            error.WriteLine($"error: {problem}");
        var known = parsed
            .CommandResult.Command.Options.Select(option => option.Name)
            .Concat(parsed.CommandResult.Command.Subcommands.Select(member => member.Name))
            .ToList();
        // A word is a command typed wrong where there are commands, else what stands behind an option typed wrong.
        foreach (
            var unknown in parsed.UnmatchedTokens.Where(token =>
                token.StartsWith('-') || parsed.CommandResult.Command.Subcommands.Count > 0
            )
        )
        {
            var nearest = known.MinBy(name => EditDistance.Between(name, unknown));
            if (nearest is not null)
                error.WriteLine($"did you mean {nearest} instead of {unknown}?");
        }

        var name = parsed.CommandResult.Command is CommandBase command ? $" {command.FullName}" : "";
        error.WriteLine($"`ti{name} --help` shows what can be said.");
        return WrongUsage;
    }

    // The first time the work is ended in order; the second time the system ends it.
    private static void Cancel(PosixSignalContext signal, CancellationTokenSource cancellation)
    {
        if (cancellation.IsCancellationRequested)
            return;
        signal.Cancel = true;
        cancellation.Cancel();
    }
}
