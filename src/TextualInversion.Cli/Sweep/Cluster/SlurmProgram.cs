using System.ComponentModel;
using System.Diagnostics;

namespace TextualInversion.Cli.Sweep.Cluster;

/// <summary>Runs Slurm's commands.</summary>
internal static class SlurmProgram
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);

    /// <param name="program">The command, such as squeue.</param>
    /// <param name="arguments">Its arguments.</param>
    /// <returns>The exit code and what it printed; null if there is no such command.</returns>
    /// <exception cref="TextualInversionException">It does not end.</exception>
    public static (int ExitCode, string Output, string Error)? Run(string program, params IEnumerable<string> arguments)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        try
        {
            using var process = Process.Start(start)!;
            var output = process.StandardOutput.ReadToEndAsync();
            var error = process.StandardError.ReadToEndAsync();
            if (process.WaitForExit(Limit))
                return (process.ExitCode, output.Result.Trim(), error.Result.Trim());
            process.Kill();
            throw new TextualInversionException($"{program} does not answer; see whether Slurm's controller runs.");
        }
        catch (Win32Exception)
        {
            return null; // not on the PATH
        }
    }
}
