using System.Diagnostics;
using System.Runtime.InteropServices;

namespace TextualInversion.GpuCheck;

/// <summary>
/// Runs the checks one after the other, each in a process of its own: so the memory of one does not count for the next,
/// and one that ends in a crash does not end the others. Results that are there already are kept.
/// </summary>
internal static class AllChecks
{
    private const string DiffusersScript = "gpu-check-diffusers.py";
    private static readonly TimeSpan Shortest = TimeSpan.FromSeconds(10); // left for another check

    /// <returns>The exit code: 0 if nothing differs by more than is allowed.</returns>
    /// <exception cref="TextualInversionException">There is no such device.</exception>
    public static int Run(CheckOptions options)
    {
        IO.AtomicFile.RequireWritable(options.Output);
        _ = options.Start(); // an error about the device or libtorch is said once
        var clock = Stopwatch.StartNew();
        var limit = TimeSpan.FromMinutes(options.Minutes);
        var checks = Check.All(options);
        var hasDiffusers = HasDiffusers(options);
        foreach (var check in checks)
        {
            RunOne(options, check.Name, Own(options, check), limit - clock.Elapsed);
            if (hasDiffusers && check.Kind == CheckKind.Speed)
                RunOne(options, NameOfDiffusers(check), Diffusers(options, check), limit - clock.Elapsed);
        }

        var report = new CheckReport(options, checks);
        var path = Path.Combine(options.Output, "report.md");
        IO.AtomicFile.WriteText(path, overwrite: true, report.ToMarkdown());
        Console.WriteLine(report.ToMarkdown());
        Console.WriteLine($"Written to {path}.");
        if (!report.IsComplete)
            Console.WriteLine("The time was over before all checks were done: run it again to continue.");
        return report.IsGood ? 0 : 1;
    }

    /// <summary>The file of a check's result.</summary>
    public static string FileOf(CheckOptions options, string name) => Path.Combine(options.Output, $"{name}.json");

    /// <summary>The name of the same measurement of diffusers.</summary>
    public static string NameOfDiffusers(Check check) => $"{check.Name}-diffusers";

    private static void RunOne(CheckOptions options, string name, ProcessStartInfo start, TimeSpan left)
    {
        var file = FileOf(options, name);
        if (CheckResult.Read(file) is not null || left < Shortest)
            return;
        Console.Error.WriteLine($"{name} ...");
        using var process = Process.Start(start)!;
        using var terminated = PosixSignalRegistration.Create(PosixSignal.SIGTERM, _ => process.Kill(true));
        if (!process.WaitForExit(left))
        {
            process.Kill(entireProcessTree: true);
            process.WaitForExit();
            Console.Error.WriteLine($"{name}: not finished in time");
            return;
        }

        if (CheckResult.Read(file) is null)
            new CheckResult { Problem = $"ended with exit code {process.ExitCode}" }.Write(file);
    }

    private static ProcessStartInfo Own(CheckOptions options, Check check)
    {
        List<string> arguments = ["--device", options.DeviceName, "--output", options.Output, "--only", check.Name];
        if (options.IsTiny)
            arguments.Add("--tiny");
        return new ProcessStartInfo(
            Environment.ProcessPath!,
            [.. IsHost() ? [typeof(AllChecks).Assembly.Location] : Array.Empty<string>(), .. arguments]
        );
    }

    /// <summary>Whether the process is <c>dotnet</c> that runs this program.</summary>
    private static bool IsHost() =>
        Path.GetFileNameWithoutExtension(Environment.ProcessPath!).Equals("dotnet", StringComparison.OrdinalIgnoreCase);

    private static ProcessStartInfo Diffusers(CheckOptions options, Check check)
    {
        var script = Path.Combine(CheckOptions.Repository, "scripts", DiffusersScript);
        List<string> arguments =
        [
            script,
            check.Model,
            check.Precision.ToString().ToLowerInvariant(),
            options.DeviceName,
            FileOf(options, NameOfDiffusers(check)),
        ];
        if (check.Checkpointing)
            arguments.Add("--checkpointing");
        if (options.IsTiny)
            arguments.Add("--tiny");
        return new ProcessStartInfo(options.Python, arguments);
    }

    private static bool HasDiffusers(CheckOptions options)
    {
        try
        {
            var start = new ProcessStartInfo(options.Python, ["-c", "import torch, diffusers, transformers"])
            {
                RedirectStandardError = true,
            };
            using var process = Process.Start(start)!;
            _ = process.StandardError.ReadToEnd();
            process.WaitForExit();
            return process.ExitCode == 0;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return false; // there is no Python
        }
    }
}
