using System.CommandLine;
using TextualInversion.Cli.Infrastructure;
using TextualInversion.Hub;

namespace TextualInversion.Cli.ModelAccess;

/// <summary><c>ti models path</c>: prints the folder of a model.</summary>
internal sealed class ModelsPathCommand : CommandBase
{
    private readonly Argument<HubId> id = ModelsCommand.Id();
    private readonly Option<bool> json = SharedOptions.Json();

    public ModelsPathCommand(Func<string, string?> variable)
        : base("path", "Print the folder of a model in the cache, for scripts.")
    {
        Arguments.Add(id);
        AddGroup("Output", json);
        SetAction(parsed => Run(parsed, HubEnvironment.Resolve(variable)));
    }

    public override bool UsesTorch => false;

    public override IReadOnlyList<string> Examples =>
        [$"ti models path {ModelLocator.Default}", $"ls -L \"$(ti models path {ModelLocator.Default})\""];

    private int Run(ParseResult parsed, HubOptions options)
    {
        var model = parsed.GetValue(id)!;
        var path = ModelsCommand.Snapshot(new HubCache(options.CacheFolder), model);
        parsed.InvocationConfiguration.Output.WriteLine(
            parsed.GetValue(json)
                ? JsonOutput.Serialize(
                    new
                    {
                        Model = model.Name,
                        Commit = Path.GetFileName(path),
                        Path = path,
                    }
                )
                : path
        );
        return ExitCode.Done;
    }
}
