using System.CommandLine;
using System.CommandLine.Help;
using System.Runtime.InteropServices;
using TextualInversion.Cli.Bench;
using TextualInversion.Cli.Check;
using TextualInversion.Cli.Completion;
using TextualInversion.Cli.Demo;
using TextualInversion.Cli.Describe;
using TextualInversion.Cli.DeviceList;
using TextualInversion.Cli.Distill;
using TextualInversion.Cli.Doctor;
using TextualInversion.Cli.EmbeddingFiles;
using TextualInversion.Cli.Eval;
using TextualInversion.Cli.Generate;
using TextualInversion.Cli.Infrastructure;
using TextualInversion.Cli.Manual;
using TextualInversion.Cli.ModelAccess;
using TextualInversion.Cli.Report;
using TextualInversion.Cli.Sweep;
using TextualInversion.Cli.Terminal;
using TextualInversion.Cli.Train;
using TextualInversion.Cli.Translate;
using TextualInversion.IO;
using TextualInversion.Native;

namespace TextualInversion.Cli;

/// <summary>Runs a command line and returns its exit code, see <see cref="ExitCode"/>.</summary>
internal static class CommandLine
{
    // ResponseFiles expands @file before, and detects a file that includes itself.
    private static readonly ParserConfiguration Parsing = new() { ResponseFileTokenReplacer = null };

    /// <param name="args">The arguments as the shell gives them.</param>
    /// <param name="output">Receives results.</param>
    /// <param name="error">Receives progress, warnings and errors.</param>
    /// <param name="variable">Gives the value of an environment variable, or null if it is not set.</param>
    public static async Task<int> RunAsync(
        string[] args,
        TextWriter output,
        TextWriter error,
        Func<string, string?> variable
    )
    {
        ParseResult? parsed = null;
        try
        {
            if (args is [CompletionDirective.Name, var line])
                return CompletionDirective.Write(CreateRoot(variable), line, variable, output);
            if (args is [ManualDirective.Name, var folder])
                return ManualDirective.Write(CreateRoot(variable), folder);
            var expanded = FamiliarForms(ResponseFiles.Expand(args));
            parsed = CreateRoot(variable).Parse(expanded, Parsing);
            var problems = UsageErrors.Of(parsed, expanded, isHelp: parsed.Action is HelpPage);
            if (problems.Count == 0)
                return await InvokeAsync(parsed, output, error, variable);
            foreach (var problem in problems)
                await error.WriteLineAsync($"error: {problem}");
            return await RefuseAsync(parsed, error);
        }
        catch (UsageException problem)
        {
            await error.WriteLineAsync($"error: {problem.Message}");
            return await RefuseAsync(parsed, error);
        }
        catch (TextualInversionException problem)
        {
            var command = parsed?.CommandResult.Command as CommandBase;
            await error.WriteLineAsync($"error: {command?.MessageOf(problem) ?? problem.Message}");
            return problem.Parameter is null ? ExitCode.Problem : await RefuseAsync(parsed, error);
        }
        catch (Exception problem) when (IoErrors.IsFileError(problem))
        {
            // What nobody foresaw about a file, such as a folder that disappears meanwhile. The message names the path.
            await error.WriteLineAsync($"error: {problem.Message}");
            return ExitCode.Problem;
        }
        catch (Exception problem) when (OutOfMemory.Is(problem))
        {
            await error.WriteLineAsync($"error: {MemoryProblem.Anywhere()}");
            return ExitCode.Problem;
        }
        catch (OperationCanceledException)
        {
            await error.WriteLineAsync("canceled");
            return ExitCode.Cancelled;
        }
    }

    private static async Task<int> InvokeAsync(
        ParseResult parsed,
        TextWriter output,
        TextWriter error,
        Func<string, string?> variable
    )
    {
        using var cancellation = new CancellationTokenSource();
        // Ctrl-C, a service manager or batch system that ends jobs, and a terminal that is closed (ignored under
        // nohup).
        using var interrupt = Cancelling(PosixSignal.SIGINT, cancellation);
        using var terminate = Cancelling(PosixSignal.SIGTERM, cancellation);
        using var hangUp = Cancelling(PosixSignal.SIGHUP, cancellation);
        var configuration = new InvocationConfiguration
        {
            EnableDefaultExceptionHandler = false,
            ProcessTerminationTimeout = null,
            Output = output,
            Error = error,
        };
        if (parsed.CommandResult.Command is CommandBase { UsesTorch: true } command && parsed.Action == command.Action)
            TorchSettings.Start(parsed, variable, warn: text => error.WriteLine($"warning: {text}"));
        return await parsed.InvokeAsync(configuration, cancellation.Token);
    }

    /// <summary>All commands.</summary>
    internal static RootCommand CreateRoot(Func<string, string?> variable)
    {
        var root = new RootCommand(
            "Trains textual inversion embeddings for Stable Diffusion from a few images, and generates images "
                + "with them."
        );
        var models = new ModelLocator(variable);
        CommandBase[] commands =
        [
            new TrainCommand(models),
            new GenerateCommand(models),
            new CheckCommand(models),
            new DescribeCommand(models),
            new DistillCommand(models),
            new EvalCommand(models, variable),
            new SweepCommand(models, variable),
            new ReportCommand(),
            new InspectCommand(models),
            new ConvertCommand(),
            new MergeCommand(),
            new TranslateCommand(models),
            new ModelsCommand(variable),
            new DevicesCommand(),
            new BenchCommand(models),
            new DemoCommand((args, output, error) => RunAsync(args, output, error, variable)),
            new DoctorCommand(models, variable),
            new CompletionCommand(),
        ];
        foreach (var command in commands)
            root.Subcommands.Add(command);
        root.SetAction(parsed => WriteWelcome(root.Description!, parsed.InvocationConfiguration.Output));
        var help = root.Options.OfType<HelpOption>().Single();
        help.Description = "Show help and usage.";
        help.Action = new HelpPage();
        root.Options.OfType<VersionOption>().Single().Aliases.Add("-V");
        return root;
    }

    /// <summary>
    /// Accepts <c>ti help</c>, <c>ti help train</c> and <c>ti version</c>. An option that ends with = gets an empty
    /// value; the parser would use the next argument as its value.
    /// </summary>
    private static string[] FamiliarForms(string[] args) =>
        args switch
        {
            ["help", .. var command] => [.. command, "--help"],
            ["version"] => ["--version"],
            _ => [.. args.SelectMany<string, string>(arg => arg is ['-', '-', _, .., '='] ? [arg[..^1], ""] : [arg])],
        };

    private static int WriteWelcome(string description, TextWriter output)
    {
        output.WriteLine(
            $"""
            {description}

            Try it on the images and the small model that ship with ti:
              ti demo
            Then with three to five images of one thing of yours:
              ti train --images FOLDER --token my-dog --initializer dog
              ti generate --prompt "a painting of <my-dog>"

            `ti doctor` looks for what could go wrong on this machine; `ti --help` lists all commands.
            """
        );
        return ExitCode.Done;
    }

    /// <summary>The end of every message about wrong usage, and its exit code.</summary>
    private static async Task<int> RefuseAsync(ParseResult? parsed, TextWriter error)
    {
        var path = parsed is null ? "ti" : CommandBase.PathOf(UsageErrors.CommandOf(parsed));
        await error.WriteLineAsync($"Run `{path} --help` for usage.");
        return ExitCode.WrongUsage;
    }

    /// <summary>
    /// The first signal cancels the work. The second ends the process at once, also where the system would not (the
    /// first process of a container), with the exit code that a shell gives to a program that the signal ended.
    /// </summary>
    private static PosixSignalRegistration Cancelling(PosixSignal signal, CancellationTokenSource cancellation)
    {
        return PosixSignalRegistration.Create(signal, Cancel);

        void Cancel(PosixSignalContext context)
        {
            context.Cancel = true;
            if (cancellation.IsCancellationRequested)
                ImmediateExit.Now(ExitCode.Of(signal));
            cancellation.Cancel();
        }
    }
}
