using System.Diagnostics;
using TextualInversion.Cli.Terminal;

namespace TextualInversion.Cli.Sweep.Work;

/// <summary>
/// Runs <c>ti</c> several times at once on this machine. What the processes print comes with their number. They end
/// when their input is closed, so also if this process is killed.
/// </summary>
/// <param name="messages">Receives what they print.</param>
internal sealed class WorkerProcesses(ConsoleLog messages)
{
    private readonly Lock guard = new();

    /// <summary>Runs all to their end.</summary>
    /// <param name="arguments">The arguments of each process.</param>
    /// <param name="cancellationToken">Closes their input, which cancels them; they still end by themselves.</param>
    /// <returns>The exit codes.</returns>
    public async Task<IReadOnlyList<int>> RunAsync(
        IReadOnlyList<IReadOnlyList<string>> arguments,
        CancellationToken cancellationToken
    ) => await Task.WhenAll(arguments.Select((each, index) => RunAsync(index + 1, each, cancellationToken)));

    private async Task<int> RunAsync(int number, IReadOnlyList<string> arguments, CancellationToken cancellationToken)
    {
        IReadOnlyList<string> command = [.. Command(), .. arguments];
        var start = new ProcessStartInfo(command[0], command.Skip(1))
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var process = Process.Start(start)!;
        using var cancel = cancellationToken.Register(process.StandardInput.Close);
        var output = process.StandardOutput.ReadToEndAsync(CancellationToken.None); // paths, which this process prints
        while (await process.StandardError.ReadLineAsync(CancellationToken.None) is { } line)
        {
            lock (guard)
                messages.Error.WriteLine($"[{number}] {line}");
        }

        await process.WaitForExitAsync(CancellationToken.None);
        await output;
        return process.ExitCode;
    }

    /// <summary>What starts this program: itself, or dotnet with it.</summary>
    public static IReadOnlyList<string> Command()
    {
        var path = Environment.ProcessPath!;
        return Path.GetFileNameWithoutExtension(path) == "dotnet"
            ? [path, "exec", typeof(WorkerProcesses).Assembly.Location]
            : [path];
    }
}
