using System.CommandLine;
using TextualInversion.Cli.Infrastructure;
using TextualInversion.Cli.Terminal;
using TextualInversion.Hub;

namespace TextualInversion.Cli.ModelAccess;

/// <summary><c>ti models get</c>: downloads the files of a model that are missing or newer.</summary>
internal sealed class ModelsGetCommand : CommandBase
{
    private readonly Argument<HubId> id = ModelsCommand.Id();
    private readonly NameOption variant = new("--variant")
    {
        HelpName = "NAME",
        Description =
            "Which weights to download if there are several, such as fp16, which takes half the disk space. Default: "
            + "the full ones.",
    };
    private readonly Option<bool> quiet = SharedOptions.Quiet();
    private readonly Option<bool> json = SharedOptions.Json();

    public ModelsGetCommand(Func<string, string?> variable)
        : base(
            "get",
            "Download a Stable Diffusion model, only the files that ti needs, and print its folder. Files that are in "
                + "the cache already are kept; an interrupted download continues."
        )
    {
        Arguments.Add(id);
        AddGroup("Most used", variant);
        AddGroup("Output", quiet, json);
        SetAction((parsed, cancellationToken) => RunAsync(parsed, HubEnvironment.Resolve(variable), cancellationToken));
    }

    public override bool UsesTorch => false;

    public override IReadOnlyList<string> Examples =>
        [$"ti models get {ModelLocator.Default}", $"ti models get {ModelLocator.Default}@main --variant fp16 --json"];

    private async Task<int> RunAsync(ParseResult parsed, HubOptions options, CancellationToken cancellationToken)
    {
        var model = parsed.GetValue(id)!;
        var messages = new ConsoleLog(parsed.InvocationConfiguration.Error, parsed.GetValue(quiet));
        var hub = new ModelHub(options);
        var path = await ModelDownload.ShowAsync(
            options,
            messages,
            progress => hub.GetModelAsync(model, parsed.GetValue(variant), update: true, progress, cancellationToken)
        );
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
