using System.Diagnostics;
using System.Text;

namespace TextualInversion.Cli.Tests.Completion;

/// <summary>A shell on a terminal, in which a test types. <c>script</c> makes the terminal.</summary>
internal sealed class ShellSession : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private readonly Process process;
    private readonly StringBuilder shown = new();
    private readonly char[] buffer = new char[4096];

    /// <param name="command">The shell with its options.</param>
    /// <param name="folder">Its current folder.</param>
    /// <param name="environment">Variables in addition to those of the tests.</param>
    public ShellSession(string command, string folder, IReadOnlyDictionary<string, string> environment)
    {
        var start = new ProcessStartInfo("script", ["-q", "-c", command, "/dev/null"])
        {
            WorkingDirectory = folder,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        };
        foreach (var (name, value) in environment)
            start.Environment[name] = value;
        process = Process.Start(start)!;
    }

    /// <summary>Types text, and waits until a text is shown after it.</summary>
    /// <returns>Everything that was shown.</returns>
    public async Task<string> TypeAsync(string keys, string awaited)
    {
        shown.Clear();
        await process.StandardInput.WriteAsync(keys);
        await process.StandardInput.FlushAsync();
        using var timeout = new CancellationTokenSource(Patience);
        while (!shown.ToString().Contains(awaited, StringComparison.Ordinal))
        {
            var read = await process.StandardOutput.ReadAsync(buffer, timeout.Token);
            Assert.True(read > 0, $"the shell ended before it showed {awaited}: {shown}");
            shown.Append(buffer, 0, read);
        }

        return shown.ToString();
    }

    public void Dispose()
    {
        process.Kill(entireProcessTree: true);
        process.Dispose();
    }
}
