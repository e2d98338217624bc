using TextualInversion.Cli.Infrastructure;
using TextualInversion.Tests.Fixtures;

namespace TextualInversion.Cli.Tests;

/// <summary>Runs <c>ti</c> in this process.</summary>
internal static class TiRunner
{
    /// <summary>The cache of the tests, in the folder of the build.</summary>
    public static readonly string Cache = Path.Combine(AppContext.BaseDirectory, "cache");

    /// <summary>
    /// Runs a command without a network and without the user's environment variables, with a cache of its own.
    /// </summary>
    public static Task<(int ExitCode, string Output, string Error)> RunAsync(params string[] arguments) =>
        RunAsync(Variable, arguments);

    /// <summary>Runs a command.</summary>
    /// <param name="variable">Gives the value of an environment variable.</param>
    /// <param name="arguments">The arguments as the shell passes them.</param>
    public static async Task<(int ExitCode, string Output, string Error)> RunAsync(
        Func<string, string?> variable,
        params string[] arguments
    )
    {
        using StringWriter output = new(),
            error = new();
        var exitCode = await CommandLine.RunAsync(arguments, output, error, variable);
        return (exitCode, output.ToString(), error.ToString());
    }

    private static string? Variable(string name) =>
        name switch
        {
            "HF_HUB_OFFLINE" => "1",
            "XDG_CACHE_HOME" => Cache,
            _ => null,
        };

    /// <summary>Trains on the demo model into a folder. Giving an option twice is an error.</summary>
    public static Task<(int ExitCode, string Output, string Error)> TrainAsync(
        string output,
        string images,
        string token,
        params string[] more
    ) => RunAsync(["train", "--images", images, "--token", token, "--output", output, "--seed", "1", .. more]);

    /// <summary>
    /// Asserts that a command failed: with exit code 2 and a line about the help if the message starts with an option,
    /// otherwise with 1.
    /// </summary>
    public static void AssertRefused(int exitCode, string error)
    {
        var isWrongUsage = error.Contains("error: --", StringComparison.Ordinal);
        Assert.Equal(isWrongUsage ? ExitCode.WrongUsage : ExitCode.Problem, exitCode);
        Assert.Equal(isWrongUsage, error.Contains("--help` for usage.", StringComparison.Ordinal));
    }

    /// <summary>A copy of the demo model that a test may break.</summary>
    public static string CopyOfDemoModel(TemporaryFolder folder)
    {
        var (source, copy) = (Goldens.Sample("demo-model"), folder.File("model"));
        foreach (
            var file in Directory
                .EnumerateFiles(source, "*", SearchOption.AllDirectories)
                .Where(file => !file.Contains("/clip/", StringComparison.Ordinal))
        )
        {
            var target = Path.Combine(copy, Path.GetRelativePath(source, file));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(file, target);
        }

        return copy;
    }
}
