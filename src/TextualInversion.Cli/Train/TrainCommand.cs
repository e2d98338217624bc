using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using TextualInversion.Cli.Infrastructure;
using TextualInversion.Cli.ModelAccess;
using TextualInversion.Cli.Terminal;
using TextualInversion.Cli.Train.Listeners;
using TextualInversion.Cli.Train.Options;
using TextualInversion.Models.Tokenizers;
using TextualInversion.Training;
using TextualInversion.Training.Data;
using TextualInversion.Training.RunFiles;

namespace TextualInversion.Cli.Train;

/// <summary><c>ti train</c>: learns an embedding from images.</summary>
internal sealed class TrainCommand : CommandBase
{
    private readonly TrainRequestOptions request = new();
    private readonly SamplingOptions sampling = new();
    private readonly PathOption resume = new("--resume")
    {
        HelpName = "RUN",
        Description =
            "Goes on with a run that was stopped or killed, runs/NAME: its options are known, and the result is the same to the last bit.",
    };
    private readonly PathOption output = SharedOptions.Output();
    private readonly Option<string?> name = SharedOptions.Name();
    private readonly Option<bool> overwrite = SharedOptions.Overwrite();
    private readonly Option<bool> quiet = SharedOptions.Quiet();
    private readonly Option<bool> json = SharedOptions.Json();

    public TrainCommand(ModelLocator models)
        : base(
            "train",
            "Learns a new word from a few images: writes embeddings/NAME.safetensors, and everything about the run to runs/NAME/."
        )
    {
        RefuseOptionsAmong(request.Images);
        RefuseOptionsAmong(sampling.Prompts);
        Checks.Add(result =>
            request
                .Required.Where(needed => result.GetResult(needed) is null && result.GetResult(resume) is null)
                .Select(needed => $"Option '{needed.Name}' is required.")
        );
        AddGroup("Most used", request.MostUsed);
        AddGroup("Knowing when to stop", [.. request.Progress, resume]);
        AddGroup("Images while training", sampling.All);
        foreach (var (title, options) in request.Others)
            AddGroup(title, options);
        AddGroup("Output", output, name, overwrite, quiet, json);
        SetAction((parsed, cancellationToken) => RunAsync(parsed, models, cancellationToken));
    }

    public override IReadOnlyList<string> Examples =>
        [
            "ti train --model demo --images samples/my-cat --token my-cat --initializer cat",
            "ti train --model demo --images samples/my-style --token my-style --property style --initializer painting --vectors 2",
        ];

    private async Task<int> RunAsync(ParseResult typed, ModelLocator models, CancellationToken cancellationToken)
    {
        var clock = Stopwatch.StartNew();
        var messages = new ConsoleLog(typed.InvocationConfiguration.Error, typed.GetValue(quiet));
        var (state, isOfSeeds) = typed.GetValue(resume) is { } resumed
            ? RunFolder.StateToResume(resumed)
            : (null, false);
        using var resumeFrom = state is null ? null : TrainState.Read(state);
        var parsed = resumeFrom is null ? typed : ResumedCommand.Merge(resumeFrom.Command, typed);
        var asked = request.Read(parsed);
        if (resumeFrom is not null)
            RequireSameSeeds(typed, asked.Seeds, isOfSeeds);
        using var output = Output(typed, parsed, asked.Placeholder, isResuming: resumeFrom is not null);
        using var model = await TrainModel.OpenAsync(asked, models, messages, cancellationToken);
        using var start = asked.ReadInitializer(model.Network);
        var setup = TrainSetup.Read(asked, model, start, cancellationToken);
        foreach (var warning in setup.Warnings)
            messages.Warn(warning);
        using var images = new LatentDataset(model.Network, setup.Images, setup.Options, cancellationToken);
        using var found =
            asked.Initializer == TrainRequest.Auto
                ? AutoInitializer.Run(
                    model,
                    setup,
                    images,
                    output.Folder.FoundWordsPath,
                    resumeFrom is not null,
                    messages,
                    cancellationToken
                )
                : null;
        if (found is not null)
            setup = setup.From(found);
        if (asked.Seeds == 1)
            resumeFrom?.RequireSame(setup.Identity);
        setup.LogSummary(messages);

        var command =
            resumeFrom?.Command
            ??
            [
                .. ResumedCommand.Arguments(typed, request.Seed, overwrite, quiet, json),
                request.Seed.Name,
                asked.Options.Seed.ToString(CultureInfo.InvariantCulture),
            ];
        var plan = sampling.Read(parsed, setup, model, messages);
        SampleGenerator? Painter(TrainSetup of, RunFolder folder) =>
            plan is null ? null : new SampleGenerator(model, of, asked.Model, plan, folder);
        void Print(TrainRecord record) =>
            typed.InvocationConfiguration.Output.WriteLine(
                typed.GetValue(json) ? record.Summary : output.EmbeddingPath
            );
        if (asked.Seeds > 1)
            return new SeedRuns(model, setup, images, output, command) { PainterOf = Painter }.Execute(
                asked.Seeds,
                isResuming: resumeFrom is not null,
                Print,
                messages,
                cancellationToken
            );

        if (resumeFrom is not null)
            messages.Info($"going on after step {resumeFrom.Step}");
        var run = new TrainRun(model, setup, images, output, command) { Painter = Painter(setup, output.Folder) };
        var record = run.Execute(resumeFrom, clock, messages, cancellationToken);
        Print(record);
        return run.ReportOutcome(record, messages);
    }

    private TrainOutput Output(ParseResult typed, ParseResult parsed, Placeholder placeholder, bool isResuming)
    {
        var files = new TrainOutput(
            parsed.GetValue(output)!,
            parsed.GetValue(name) ?? placeholder.Name,
            isResuming || parsed.GetValue(overwrite)
        );
        if (isResuming)
            files.RequireIn(typed.GetValue(resume)!);
        return files;
    }

    /// <param name="typed">what was typed now</param>
    /// <param name="count">of seeds, as it was typed now or when the run began</param>
    /// <param name="isOfSeeds">whether the run to go on with is of several seeds</param>
    private void RequireSameSeeds(ParseResult typed, int count, bool isOfSeeds)
    {
        if (!isOfSeeds && count > 1 && typed.GetResult(request.Seeds) is not { Implicit: false })
            throw new TextualInversionException(
                $"{typed.GetValue(resume)}: is the run of one of {count} seeds; go on with all of them: --resume {Path.GetDirectoryName(Path.TrimEndingDirectorySeparator(typed.GetValue(resume)!))}."
            );
        if (count > 1 != isOfSeeds)
            throw new TextualInversionException(
                $"--seeds {count}: the run to go on with was {(isOfSeeds ? "of several seeds" : "of one seed")}; go on without --seeds, or start a new run."
            );
    }
}
