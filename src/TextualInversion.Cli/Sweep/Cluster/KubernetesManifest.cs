using System.Text.RegularExpressions;

namespace TextualInversion.Cli.Sweep.Cluster;

/// <summary>
/// An Indexed Job, see https://kubernetes.io/docs/concepts/workloads/controllers/job. Each pod finds its number in
/// JOB_COMPLETION_INDEX and trains its share of the cells.
/// </summary>
internal static partial class KubernetesManifest
{
    private const int LongestName = 50, // of the 63 that a label may have, since the index is appended
        Retries = 6;

    /// <param name="name">The sweep's name.</param>
    /// <param name="image">The container image with <c>ti</c>.</param>
    /// <param name="source">The absolute path of the sweep's file or folder.</param>
    /// <param name="output">The absolute path of the sweep's folder.</param>
    /// <param name="tasks">The number of pods.</param>
    /// <param name="limit">The most pods at once, or null for all.</param>
    /// <exception cref="TextualInversionException">
    /// The source and the results have no common folder that a volume can be mounted at.
    /// </exception>
    public static string Write(string name, string image, string source, string output, int tasks, int? limit)
    {
        var mount = CommonFolder(Path.GetDirectoryName(source)!, output);
        return $"""
            # {tasks} pods share the cells of a sweep: kubectl apply -f job.yaml
            # Edit: the image, the claim of the volume, and resources, such as nvidia.com/gpu: 1.
            apiVersion: batch/v1
            kind: Job
            metadata:
              name: {ResourceName(name)}
            spec:
              completionMode: Indexed
              completions: {tasks}
              parallelism: {limit ?? tasks}
              backoffLimitPerIndex: {Retries}
              template:
                spec:
                  restartPolicy: Never
                  terminationGracePeriodSeconds: 90 # ti saves its state at SIGTERM; the next pod continues
                  containers:
                    - name: ti
                      image: {Quote(image)}
                      args: [sweep, {Quote(source)}, --output, {Quote(output)}, --shard, auto/{tasks}]
                      resources:
                        limits: {"{}"}
                      volumeMounts:
                        - name: work
                          mountPath: {Quote(mount)}
                  volumes:
                    - name: work
                      persistentVolumeClaim:
                        claimName: ti-sweep

            """;
    }

    /// <summary>The folder of the volume, which holds the sweep's file and its results.</summary>
    private static string CommonFolder(string first, string second)
    {
        var folder = first;
        while (Path.GetDirectoryName(folder) is { } above && !IsWithin(second, folder))
            folder = above;
        if (Path.GetDirectoryName(folder) is null || folder.Contains(':'))
            throw new TextualInversionException(
                $"{first} and {second} must be in one folder (without a colon in its path), at which the pods mount "
                    + "their volume; choose an --output next to the sweep's file."
            );
        return folder;

        static bool IsWithin(string path, string folder) =>
            Path.GetRelativePath(folder, path) is var relative
            && relative != ".."
            && !relative.StartsWith($"..{Path.DirectorySeparatorChar}", StringComparison.Ordinal)
            && !Path.IsPathRooted(relative);
    }

    /// <summary>A name of lower-case letters, digits and dashes, as Kubernetes asks for.</summary>
    private static string ResourceName(string name)
    {
        var plain = NotInNames().Replace(name.ToLowerInvariant(), "-").Trim('-');
        return $"ti-{(plain.Length > LongestName ? plain[..LongestName].Trim('-') : plain)}".TrimEnd('-');
    }

    /// <summary>A YAML string in double quotes, which take JSON's escapes.</summary>
    private static string Quote(string text) => System.Text.Json.JsonSerializer.Serialize(text);

    [GeneratedRegex("[^a-z0-9]+")]
    private static partial Regex NotInNames();
}
