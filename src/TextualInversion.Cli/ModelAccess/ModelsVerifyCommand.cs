using System.CommandLine;
using TextualInversion.Cli.Infrastructure;
using TextualInversion.Cli.Terminal;
using TextualInversion.Hub;

namespace TextualInversion.Cli.ModelAccess;

/// <summary><c>ti models verify</c>: checks the files of a model against their hashes.</summary>
internal sealed class ModelsVerifyCommand : CommandBase
{
    private readonly Argument<HubId> id = ModelsCommand.Id();
    private readonly Option<bool> quiet = SharedOptions.Quiet();
    private readonly Option<bool> json = SharedOptions.Json();

    public ModelsVerifyCommand(Func<string, string?> variable)
        : base(
            "verify",
            "Read every file of a model in the cache and compare it with its hash. The exit code is 1 if a file is "
                + "broken."
        )
    {
        Arguments.Add(id);
        AddGroup("Output", quiet, json);
        SetAction((parsed, cancellationToken) => RunAsync(parsed, HubEnvironment.Resolve(variable), cancellationToken));
    }

    public override bool UsesTorch => false;

    public override IReadOnlyList<string> Examples =>
        [$"ti models verify {ModelLocator.Default}", $"ti models verify {ModelLocator.Default} --json"];

    private async Task<int> RunAsync(ParseResult parsed, HubOptions options, CancellationToken cancellationToken)
    {
        var model = parsed.GetValue(id)!;
        var messages = new ConsoleLog(parsed.InvocationConfiguration.Error, parsed.GetValue(quiet));
        var snapshot = ModelsCommand.Snapshot(new HubCache(options.CacheFolder), model);
        IReadOnlyList<VerifiedFile> files;
        using (var display = new DownloadDisplay(messages))
            files = await CacheVerification.RunAsync(snapshot, display, cancellationToken);
        Write(parsed, model, snapshot, files);
        var broken = files.Where(file => file.Problem is not null).ToList();
        if (broken.Count == 0)
            return ExitCode.Done;
        throw new TextualInversionException(
            $"{model}: {broken.Count} of {files.Count} files are broken: "
                + $"{string.Join("; ", broken.Select(file => $"{file.Path} {file.Problem}"))}. "
                + $"Delete {string.Join(", ", broken.Select(file => file.Blob).Distinct())} "
                + $"and run `ti models get {model}` to download them again."
        );
    }

    private void Write(ParseResult parsed, HubId model, string snapshot, IReadOnlyList<VerifiedFile> files)
    {
        var output = parsed.InvocationConfiguration.Output;
        if (parsed.GetValue(json))
        {
            output.WriteLine(
                JsonOutput.Serialize(
                    new
                    {
                        Model = model.Name,
                        Commit = Path.GetFileName(snapshot),
                        Path = snapshot,
                        Bytes = files.Sum(file => file.Bytes),
                        Files = files.Select(file => new
                        {
                            file.Path,
                            file.Bytes,
                            Checked = file.IsChecked,
                            file.Problem,
                        }),
                    }
                )
            );
            return;
        }

        foreach (var file in files)
        {
            var state =
                file.Problem is not null ? "BROKEN"
                : file.IsChecked ? "ok"
                : "copy";
            output.WriteLine($"{state, -6}  {ByteSize.Format(file.Bytes), 9}  {file.Path}");
        }
    }
}
