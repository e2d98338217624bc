using System.CommandLine;
using TextualInversion.Cli.Infrastructure;
using TextualInversion.Hub;

namespace TextualInversion.Cli.ModelAccess;

/// <summary><c>ti models list</c>: what is in the cache.</summary>
internal sealed class ModelsListCommand : CommandBase
{
    private readonly Option<bool> json = SharedOptions.Json();

    public ModelsListCommand(Func<string, string?> variable)
        : base("list", "Shows the models in the cache: what they are, their revisions and sizes.")
    {
        AddGroup("Output", json);
        SetAction(parsed => Run(parsed, HubEnvironment.Resolve(variable)));
    }

    public override bool UsesTorch => false;

    public override IReadOnlyList<string> Examples => ["ti models list", "ti models list --json"];

    private int Run(ParseResult parsed, HubOptions options)
    {
        var output = parsed.InvocationConfiguration.Output;
        var snapshots = new HubCache(options.CacheFolder).List();
        if (parsed.GetValue(json))
        {
            output.WriteLine(JsonOutput.Serialize(new { Cache = options.CacheFolder, Models = snapshots }));
            return 0;
        }

        if (snapshots.Count == 0)
            parsed.InvocationConfiguration.Error.WriteLine(
                $"{options.CacheFolder} holds no models; download one with `ti models get {ModelLocator.Default}`."
            );
        else
            WriteTable(
                output,
                [
                    ["MODEL", "KIND", "REVISION", "COMMIT", "SIZE"],
                    .. snapshots.Select(Row),
                ]
            );
        return 0;
    }

    private static string[] Row(CachedSnapshot snapshot) =>
        [
            snapshot.Model,
            Kind(snapshot.Kind),
            string.Join(",", snapshot.Revisions.DefaultIfEmpty("-")),
            snapshot.Commit[..Math.Min(8, snapshot.Commit.Length)],
            ByteSize.Format(snapshot.Bytes),
        ];

    private static string Kind(CachedKind kind) =>
        kind switch
        {
            CachedKind.StableDiffusion1 => "SD 1",
            CachedKind.StableDiffusion2 => "SD 2",
            CachedKind.StableDiffusionXl => "SDXL",
            CachedKind.Other => "other",
            _ => throw new ArgumentOutOfRangeException(nameof(kind)),
        };

    private static void WriteTable(TextWriter output, IReadOnlyList<string[]> rows)
    {
        var widths = Enumerable
            .Range(0, rows[0].Length)
            .Select(column => rows.Max(row => row[column].Length))
            .ToArray();
        foreach (var row in rows)
            output.WriteLine(string.Join("  ", row.Select((text, column) => text.PadRight(widths[column]))).TrimEnd());
    }
}
