using TextualInversion.Cli.Infrastructure;
using TextualInversion.Cli.Sweep.Cluster;
using TextualInversion.Cli.Sweep.Plan;

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
        Program("squeue", "#!/bin/sh\nprintf '1|RUNNING|node1\\n'\n");
        Program("sacct", "#!/bin/sh\nprintf '2_0|COMPLETED|node2\\n2_1|PENDING|None assigned\\n'\n");
        var (_, joined, _) = await RunAsync("status out");
        Assert.Contains("Slurm job 2: 1 completed, 1 running (on node1)", joined, StringComparison.Ordinal);
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

    [Theory]
    [InlineData("/data/sweep.yaml", "/data/out", "/data")]
    [InlineData("/data/a/sweep.yaml", "/data/b/out", "/data")]
    [InlineData("/data/a/sweep.yaml", "/data/ab", "/data")]
    [InlineData("/data/a/sweep.yaml", "/other/out", null)]
    public void Kubernetes_Volume_HoldsTheFileAndTheResults(string source, string output, string? mount)
    {
        if (OperatingSystem.IsWindows())
            return;
        string Write() => KubernetesManifest.Write("demo", "ti", source, output, 2, limit: null);

        if (mount is null)
            Assert.Throws<TextualInversionException>(Write);
        else
            Assert.Contains($"mountPath: \"{mount}\"\n", Write(), StringComparison.Ordinal);
    }

    /// <summary>
    /// The fields of Job, PodSpec, Container and Volume that the manifest uses, and their types, as the reference of
    /// batch/v1 has them: https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/job-v1.
    /// </summary>
    [Fact]
    public void Kubernetes_Manifest_HasTheFieldsAndTypesOfTheReference()
    {
        var manifest = KubernetesManifest.Write("demo", "ti:1", "/data/sweep.yaml", "/data/out", 4, limit: null);
        var expected = new Dictionary<string, Func<string, bool>>
        {
            ["apiVersion"] = text => text == "batch/v1",
            ["kind"] = text => text == "Job",
            ["metadata.name"] = text =>
                System.Text.RegularExpressions.Regex.IsMatch(text, "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"),
            ["spec.completionMode"] = text => text == "Indexed",
            ["spec.completions"] = IsNumber,
            ["spec.parallelism"] = IsNumber,
            ["spec.backoffLimitPerIndex"] = IsNumber, // only if completionMode is Indexed and restartPolicy is Never
            ["spec.template.spec.restartPolicy"] = text => text == "Never",
            ["spec.template.spec.terminationGracePeriodSeconds"] = IsNumber,
            ["spec.template.spec.containers[].name"] = text => text == "ti",
            ["spec.template.spec.containers[].image"] = text => text.Length > 0,
            ["spec.template.spec.containers[].args[]"] = text => text.Length > 0,
            ["spec.template.spec.containers[].volumeMounts[].name"] = text => text == "work",
            ["spec.template.spec.containers[].volumeMounts[].mountPath"] = text => text == "/data",
            ["spec.template.spec.volumes[].name"] = text => text == "work",
            ["spec.template.spec.volumes[].persistentVolumeClaim.claimName"] = text => text.Length > 0,
        };

        var found = Leaves("", YamlReader.Read(folder.Write("job.yaml", manifest))).ToList();

        Assert.Equal(expected.Keys.Order(), found.Select(leaf => leaf.Field).Distinct().Order());
        Assert.All(found, leaf => Assert.True(expected[leaf.Field](leaf.Text), $"{leaf.Field}: {leaf.Text}"));

        static bool IsNumber(string text) => int.TryParse(text, out var number) && number > 0;

        static IEnumerable<(string Field, string Text)> Leaves(string field, YamlNode node) =>
            node switch
            {
                YamlScalar scalar => [(field, scalar.Text)],
                YamlList list => list.Items.SelectMany(item => Leaves($"{field}[]", item)),
                YamlMap map => map.Entries.SelectMany(entry =>
                    Leaves(field.Length == 0 ? entry.Key : $"{field}.{entry.Key}", entry.Value)
                ),
                _ => throw new ArgumentOutOfRangeException(nameof(node)),
            };
    }

    private void Program(string name, string script)
    {
        if (File.Exists(folder.File($"bin/{name}")))
            File.Delete(folder.File($"bin/{name}")); // it may not be written to
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
