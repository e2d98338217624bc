using TextualInversion.Cli.Infrastructure;
using TextualInversion.Cli.Sweep.Cluster;

namespace TextualInversion.Cli.Tests.Sweep;

/// <summary><c>ti sweep submit</c>, with programs that stand for Slurm's. scripts/ci-slurm runs a real one.</summary>
[Trait("Category", "EndToEnd")]
public sealed class SweepSubmitTests : IDisposable
{
    private const string Sbatch = "#!/bin/sh\necho \"$@\" >> sbatch.log\nwc -l < sbatch.log\n";

    private readonly SweepTestFolder folder = new();

    public SweepSubmitTests()
    {
        folder.Images("cat");
        folder.Write(
            "sweep.yaml",
            $"model: {SweepTestFolder.Model}\nseeds: 3\nconcepts: [{{token: my-cat, images: cat, initializer: cat}}]\n"
        );
    }

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task Submit_Slurm_SubmitsAnArrayAndAReportAfterIt()
    {
        if (OperatingSystem.IsWindows())
            return;
        Program("sbatch", Sbatch);
        Program("squeue", "#!/bin/sh\nprintf '0|RUNNING|node1\\n1|PENDING|\\n'\n");
        Program("sacct", "#!/bin/sh\nexit 1\n");

        var (exitCode, output, error) = await RunAsync(
            "submit sweep.yaml --slurm --output out --tasks 2 --array-limit 1 --partition gpu --gres gpu:1 "
                + "--time 4:00:00 --sbatch '--account=lab --mem 16G'"
        );

        Assert.True(exitCode == 0, error);
        Assert.Equal("2 3", output.Trim()); // the first call asks for the version
        var script = await File.ReadAllTextAsync(folder.File("out/slurm/array.sbatch"));
        string[] lines =
        [
            "#SBATCH --array=0-1%1",
            "#SBATCH --requeue",
            "#SBATCH --signal=TERM@90",
            "#SBATCH --partition=gpu",
            "#SBATCH --gres=gpu:1",
            "#SBATCH --time=4:00:00",
            "#SBATCH --account=lab",
            "#SBATCH --mem 16G",
        ];
        Assert.All(lines, line => Assert.Contains($"\n{line}\n", script, StringComparison.Ordinal));
        Assert.Contains("--shard \"$SLURM_ARRAY_TASK_ID/2\"", script, StringComparison.Ordinal);
        var report = await File.ReadAllTextAsync(folder.File("out/slurm/report.sbatch"));
        Assert.DoesNotContain("gres", report, StringComparison.Ordinal);
        Assert.Contains("--dependency=afterany:2", await File.ReadAllTextAsync(folder.File("sbatch.log")));

        var (_, status, _) = await RunAsync("status out");
        Assert.Contains("Slurm job 2: 1 running, 1 pending (on node1)", status, StringComparison.Ordinal);
        var (again, _, refused) = await RunAsync("submit sweep.yaml --slurm --output out");
        Assert.Equal(ExitCode.Problem, again);
        Assert.Contains("is submitted already as job 2", refused, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Submit_WithoutSlurmOrRefused_SaysSo()
    {
        if (OperatingSystem.IsWindows())
            return;
        Directory.CreateDirectory(folder.File("bin"));
        var (exitCode, _, error) = await RunAsync("submit sweep.yaml --slurm --output out", onlyOurs: true);

        Assert.Equal(ExitCode.Problem, exitCode);
        Assert.Contains("sbatch: is not on this machine", error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(folder.Output));

        Program("sbatch", "#!/bin/sh\necho 'invalid partition specified: x' >&2\nexit 1\n");
        var (rejected, _, reason) = await RunAsync("submit sweep.yaml --slurm --output out --partition x");
        Assert.Equal(ExitCode.Problem, rejected);
        Assert.Contains("sbatch refused the job: invalid partition", reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Shard_OfAScheduler_IsTheNumberOfItsTask()
    {
        var (exitCode, output, error) = await TiRunner.RunAsync(
            name => name == "JOB_COMPLETION_INDEX" ? "2" : null,
            [
                "sweep",
                folder.Write(
                    "short.yaml",
                    $"model: {SweepTestFolder.Model}\nseeds: 3\n{SweepTestFolder.Short}"
                        + "concepts: [{token: my-cat, images: cat, initializer: cat}]\n"
                ),
                "--output",
                folder.Output,
                "--shard",
                "auto/3",
            ]
        );

        Assert.True(exitCode == 0, error);
        Assert.Equal("my-cat_seed-3.safetensors", Path.GetFileName(output.Trim()));
        var (refused, _, problem) = await TiRunner.RunAsync("sweep", folder.File("x"), "--shard", "auto/3");
        Assert.Equal(ExitCode.WrongUsage, refused);
        Assert.Contains("neither SLURM_ARRAY_TASK_ID nor JOB_COMPLETION_INDEX is set", problem);
    }

    [Fact]
    public void Kubernetes_Manifest_IsAnIndexedJob()
    {
        var manifest = KubernetesManifest.Write("My sweep_1", "ti:1", "/data/a \"b\".yaml", "/data/out", 4, limit: 2);

        string[] lines =
        [
            "kind: Job",
            "  name: ti-my-sweep-1",
            "  completionMode: Indexed",
            "  completions: 4",
            "  parallelism: 2",
            "          args: [sweep, \"/data/a \\u0022b\\u0022.yaml\", --output, \"/data/out\", --shard, auto/4]",
        ];
        Assert.All(lines, line => Assert.Contains($"\n{line}\n", manifest, StringComparison.Ordinal));
    }

    private void Program(string name, string script)
    {
        var path = folder.Write($"bin/{name}", script);
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserExecute);
    }

    private Task<(int ExitCode, string Output, string Error)> RunAsync(string arguments, bool onlyOurs = false)
    {
        var path = onlyOurs ? "" : $":{Environment.GetEnvironmentVariable("PATH")}";
        return TiProcess.RunAsync(
            folder.File("."),
            $"sweep {arguments}",
            new Dictionary<string, string> { ["PATH"] = folder.File("bin") + path }
        );
    }
}
