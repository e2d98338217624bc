using System.CommandLine;
using TextualInversion.Cli.Infrastructure;
using TextualInversion.Cli.Terminal;
using TextualInversion.Hub;

namespace TextualInversion.Cli.ModelAccess;

/// <summary><c>ti models list</c>: shows the models in the cache.</summary>
internal sealed class ModelsListCommand : CommandBase
{
    private readonly Option<bool> json = SharedOptions.Json();

    public ModelsListCommand(Func<string, string?> variable)
        : base("list", "List the models in the cache with their kinds, revisions and sizes.")
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
            return ExitCode.Done;
        }

        if (snapshots.Count == 0)
            parsed.InvocationConfiguration.Error.WriteLine(
                $"{options.CacheFolder} holds no models; download one with `ti models get {ModelLocator.Default}`."
            );
        else
            WriteTable(output, snapshots);
        return ExitCode.Done;
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

    private static void WriteTable(TextWriter output, IReadOnlyList<CachedSnapshot> snapshots)
    {
        var table = new PlainTable()
            .AddColumn("MODEL")
            .AddColumn("KIND", wraps: false)
            .AddColumn("REVISION")
            .AddColumn("COMMIT", wraps: false)
            .AddColumn("SIZE", wraps: false);
        foreach (var snapshot in snapshots)
            table.AddRow(Row(snapshot));
        table.Write(output);
    }
}
