using System.CommandLine;
using TextualInversion.Cli.Infrastructure;
using TextualInversion.Cli.ModelAccess;
using TextualInversion.Cli.Terminal;
using TextualInversion.Cli.Train;
using TextualInversion.Cli.Train.Options;

namespace TextualInversion.Cli.Check;

/// <summary><c>ti check</c>: the preflight of <c>ti train</c>.</summary>
internal sealed class CheckCommand : CommandBase
{
    private readonly TrainRequestOptions request = new();
    private readonly PathOption output = SharedOptions.Output();
    private readonly Option<string?> name = SharedOptions.Name();
    private readonly Option<bool> overwrite = SharedOptions.Overwrite();
    private readonly Option<bool> quiet = SharedOptions.Quiet();
    private readonly Option<bool> json = SharedOptions.Json();

    public CheckCommand(ModelLocator models)
        : base(
            "check",
            "Check everything that ti train with the same options needs, and time a few steps, without "
                + "training or writing anything."
        )
    {
        RefuseOptionsAmong(request.Images);
        foreach (var needed in request.Required)
            needed.Required = true;
        request.AddTo(AddGroup);
        AddGroup("Output", output, name, overwrite, quiet, json);
        SetAction((parsed, cancellationToken) => RunAsync(parsed, models, cancellationToken));
    }

    public override string? OptionOf(string property) => request.OptionOf(property) ?? base.OptionOf(property);

    public override IReadOnlyList<string> Examples =>
        [
            "ti check --model demo --images samples/my-cat --token my-cat --initializer cat",
            "ti check --model demo --images samples/my-boat --token my-boat --initializer boat --crop bucket --json",
        ];

    private async Task<int> RunAsync(ParseResult parsed, ModelLocator models, CancellationToken cancellationToken)
    {
        var messages = new ConsoleLog(parsed.InvocationConfiguration.Error, parsed.GetValue(quiet));
        var asked = request.Read(parsed);
        var preflight = new Preflight(asked, new CheckFindings(MessageOf), messages);
        var report = await preflight.RunAsync(models, ClaimOutput, cancellationToken);
        var result = parsed.InvocationConfiguration.Output;
        if (parsed.GetValue(json))
            result.WriteLine(JsonOutput.Serialize(report.WithFullPaths()));
        else
            CheckTable.Write(result, report);
        return report.Verdict == CheckVerdict.Refused ? ExitCode.Problem : ExitCode.Done;

        void ClaimOutput()
        {
            using var files = new TrainOutput(
                parsed.GetValue(output)!,
                parsed.GetValue(name),
                [asked.Placeholder.Name],
                parsed.GetValue(overwrite)
            );
        }
    }
}
