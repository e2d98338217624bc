using System.Diagnostics;
using TextualInversion.Native;
using TextualInversion.Tests.Fixtures;

namespace TextualInversion.Cli.Tests;

/// <summary>libtorch is loaded only if it is needed. Each test runs the real program in a shell.</summary>
[Trait("Category", "EndToEnd")]
public sealed class NativeStartTests : IDisposable
{
    private const string Inspected = "tests/TextualInversion.Tests/Fixtures/fuzz/safetensors/diffusers.safetensors";

    private static readonly string Ti =
        $"'{Environment.ProcessPath}' exec '{Path.Combine(AppContext.BaseDirectory, "ti.dll")}'";

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("env -u HOME")]
    [InlineData("env HOME=")]
    [InlineData("env HOME=/proc")]
    [InlineData("env HOME=relative")]
    [InlineData("env HOME=/nonexistent XDG_CACHE_HOME=/proc")]
    [InlineData("env HOME=\"$PWD/my home\"")]
    [InlineData("mkdir 'my temp'; env HOME=/proc TMPDIR=\"$PWD/my temp\"")]
    [InlineData("env TMPDIR=/nonexistent HOME=\"$PWD\"")]
    public async Task Convert_AnyHome_LoadsLibtorch(string environment)
    {
        if (!OperatingSystem.IsLinux())
            return;
        var file = Path.Combine(Goldens.Repository, Inspected);
        var (exitCode, error) = await RunAsync($"{environment} {Ti} convert '{file}' --to webui --output x.pt");
        Assert.True(exitCode == 0, error);
        Assert.True(File.Exists(folder.File("x.pt")));
        Assert.DoesNotContain(
            Directory.EnumerateFiles(folder.Path, "*.so", SearchOption.AllDirectories),
            path => path.Contains("my temp", StringComparison.Ordinal)
        );
    }

    [Theory]
    [InlineData("--help")]
    [InlineData("train --help")]
    [InlineData("models list")]
    [InlineData("train --no-such-option")]
    public async Task Ti_CommandWithoutTensors_LoadsNoLibtorch(string arguments)
    {
        if (!OperatingSystem.IsLinux())
            return;
        await RunAsync($"LD_DEBUG=files LD_DEBUG_OUTPUT=loader {Ti} {arguments}");
        var log = string.Concat(Directory.GetFiles(folder.Path, "loader.*").Select(File.ReadAllText));
        Assert.Contains("libcoreclr.so", log);
        Assert.DoesNotContain("torch", log, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task Ti_BuiltWithoutLibtorch_SaysHowToNameOne()
    {
        if (!OperatingSystem.IsLinux())
            return;
        var all = Directory.EnumerateFiles(AppContext.BaseDirectory, "*", SearchOption.AllDirectories);
        foreach (var name in all.Select(file => Path.GetRelativePath(AppContext.BaseDirectory, file)))
        {
            var isNative = name.StartsWith("runtimes/", StringComparison.Ordinal);
            if (!isNative && (name.Contains('/') || Path.GetExtension(name) is not (".dll" or ".json")))
                continue; // such as libtorch/
            Directory.CreateDirectory(Path.GetDirectoryName(folder.File(name))!);
            File.Copy(Path.Combine(AppContext.BaseDirectory, name), folder.File(name));
        }

        var (exitCode, error) = await RunAsync($"'{Environment.ProcessPath}' exec '{folder.File("ti.dll")}' devices");

        Assert.Equal(1, exitCode);
        Assert.StartsWith("error: ", error, StringComparison.Ordinal);
        Assert.Contains("TI_LIBTORCH", error, StringComparison.Ordinal);
        Assert.Single(error.TrimEnd().Split('\n'));
        Assert.False(Directory.Exists(folder.File("cpu"))); // to which TorchSharp would copy one
    }

    /// <summary>One line names the cause.</summary>
    [Theory]
    [InlineData("text", "text", "libtorch_cpu.so: this system cannot load it (file too short).")]
    [InlineData("cut off", "cut off", "libtorch_cpu.so: is incomplete")]
    [InlineData("other library", "text", "libtorch.so: this system cannot load it (file too short).")]
    [InlineData("other library", "other library", "of an unknown version, lacks ")]
    public async Task Devices_WrongLibtorch_IsAnError(string cpu, string torch, string expected)
    {
        if (!OperatingSystem.IsLinux())
            return;
        var core = await File.ReadAllBytesAsync(Path.Combine(TorchRuntime.Describe().Folder!, LibtorchFolder.Core));
        await File.WriteAllBytesAsync(folder.File("libtorch_cpu.so"), Content(cpu));
        await File.WriteAllBytesAsync(folder.File("libtorch.so"), Content(torch));

        var byVariable = await RunAsync($"TI_LIBTORCH='{folder.Path}' {Ti} devices");
        var byOption = await RunAsync($"{Ti} devices --libtorch '{folder.Path}'");

        Assert.Equal((1, 1), (byVariable.ExitCode, byOption.ExitCode));
        Assert.StartsWith("error: ", byOption.Error, StringComparison.Ordinal);
        Assert.Contains(expected, byOption.Error, StringComparison.Ordinal);
        Assert.Single(byOption.Error.TrimEnd().Split('\n'));
        Assert.Equal($"{byOption.Error.TrimEnd()} The variable TI_LIBTORCH names it.", byVariable.Error.TrimEnd());

        byte[] Content(string kind) =>
            kind switch
            {
                "text" => "libtorch"u8.ToArray(),
                "cut off" => core[..(core.Length / 2)],
                _ => core,
            };
    }

    private async Task<(int ExitCode, string Error)> RunAsync(string command)
    {
        var start = new ProcessStartInfo("sh", ["-c", $"unset XDG_CACHE_HOME TI_LIBTORCH; {command}"])
        {
            WorkingDirectory = folder.Path,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var shell = Process.Start(start)!;
        var (output, error) = (shell.StandardOutput.ReadToEndAsync(), shell.StandardError.ReadToEndAsync());
        await shell.WaitForExitAsync();
        return (shell.ExitCode, await output + await error);
    }
}
