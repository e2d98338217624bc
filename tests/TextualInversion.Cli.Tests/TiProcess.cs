using System.Diagnostics;

namespace TextualInversion.Cli.Tests;

/// <summary>Runs <c>ti</c> as a program of its own, in a folder.</summary>
internal static class TiProcess
{
    /// <param name="folder">The current folder of the program.</param>
    /// <param name="arguments">As in a shell.</param>
    /// <param name="environment">Variables in addition to those of the tests; computes with one thread.</param>
    /// <param name="before">Commands of the shell to run first, such as limits of the process.</param>
    public static async Task<(int ExitCode, string Output, string Error)> RunAsync(
        string folder,
        string arguments,
        IReadOnlyDictionary<string, string>? environment = null,
        string before = ""
    )
    {
        var program = $"'{Environment.ProcessPath}' exec '{Path.Combine(AppContext.BaseDirectory, "ti.dll")}'";
        var start = new ProcessStartInfo("sh", ["-c", $"{before}exec {program} {arguments}"])
        {
            WorkingDirectory = folder,
            RedirectStandardError = true,
            RedirectStandardOutput = true,
        };
        start.Environment["OMP_NUM_THREADS"] = "1";
        start.Environment["HF_HUB_OFFLINE"] = "1";
        start.Environment["XDG_CACHE_HOME"] = TiRunner.Cache;
        start.Environment.Remove("TI_MODEL");
        foreach (var (name, value) in environment ?? new Dictionary<string, string>())
            start.Environment[name] = value;
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var error = await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (process.ExitCode, await output, error);
    }
}
