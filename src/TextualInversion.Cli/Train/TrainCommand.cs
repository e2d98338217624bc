using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using TextualInversion.Cli.EmbeddingFiles;
using TextualInversion.Cli.Infrastructure;
using TextualInversion.Cli.ModelAccess;
using TextualInversion.Cli.Runs;
using TextualInversion.Cli.Terminal;
using TextualInversion.Cli.Train.Options;
using TextualInversion.Training;

namespace TextualInversion.Cli.Train;

/// <summary><c>ti train</c>: trains an embedding on images.</summary>
internal sealed class TrainCommand : CommandBase
{
    public const string CommandName = "train";

    private readonly TrainRequestOptions request = new();
    private readonly SamplingOptions sampling = new();
    private readonly PathOption resume = new("--resume")
    {
        HelpName = "RUN",
        Description =
            "Resume an interrupted run, such as runs/my-cat. Its options are restored. The result is bit-identical on "
            + "the same machine, with the same version of ti and the same number of threads (run.json has both). With "
            + "a larger --steps the run is extended instead.",
    };
    private readonly Option<string[]> concepts = new("--concept")
    {
        HelpName = "TEXT",
        Description =
            "Train several concepts on one loaded model: give --concept once for each, with its own options as one "
            + "text, such as \"token=my-cat images=./cat initializer=cat\". One after another, each embedding has the "
            + "same bytes as when it is trained alone. For many, see ti sweep.",
    };
    private readonly ConceptsAtOnceOption atOnce = new();
    private readonly Option<bool> together = new("--together")
    {
        Description =
            "The words of --concept occur in the same captions, such as \"a photo of my-cat in my-hat\", and are "
            + "learned in one run. Each has its own token, initializer, vectors and learning-rate, and gets an "
            + "embedding file. The images of all are used, and each needs a caption (1.txt next to 1.png) that names "
            + "at least one word. All other options are common.",
    };
    private readonly PathOption output = SharedOptions.Output();
    private readonly NameOption name = SharedOptions.Name();
    private readonly WordOption program = new("--for", TargetProgram.Names)
    {
        Description =
            "Also write the embedding for another program, as ti convert --for does, to "
            + "embeddings/PROGRAM/NAME.safetensors, in the layout and with a name that it reads. Default: none.",
    };
    private readonly Option<bool> preview = new("--preview")
    {
        Description =
            "Also write NAME.preview.png next to the embedding, which the WebUI, Forge, SD.Next and StabilityMatrix "
            + "show: the first image of --sample-prompt with the best embedding. Needs --sample-every.",
    };
    private readonly Option<bool> negative = new("--negative-embedding")
    {
        Description =
            "Mark the embedding as one for negative prompts (modelspec.is_negative_embedding). The training itself is "
            + "the same: the images show what is not wanted.",
    };
    private readonly Option<bool> overwrite = SharedOptions.Overwrite();
    private readonly Option<bool> quiet = SharedOptions.Quiet();
    private readonly Option<bool> json = SharedOptions.Json();

    public TrainCommand(ModelLocator models)
        : base(
            CommandName,
            "Train an embedding on a few images. Writes embeddings/NAME.safetensors, and everything about the "
                + "run to runs/NAME/."
        )
    {
        RefuseOptionsAmong(request.Images);
        RefuseOptionsAmong(sampling.Prompts);
        Checks.Add(result =>
            new Option[] { resume, concepts, together }.All(option =>
                result.GetResult(option) is null or { Implicit: true }
            )
                ? request.Missing(result)
                : []
        );
        request.AddTo(AddGroup, stopping: [resume], ("Images during training", sampling.All));
        AddGroup("Several concepts", concepts, atOnce, together);
        AddGroup("Output", output, name, program, preview, negative, overwrite, quiet, json);
        SetAction((parsed, cancellationToken) => RunAsync(parsed, models, cancellationToken));
    }

    /// <summary>The arguments, before models and images are read.</summary>
    /// <exception cref="TextualInversionException">See <see cref="TrainRequestOptions.Read"/>.</exception>
    public TrainRequest Read(ParseResult parsed) => request.Read(parsed);

    public override string? OptionOf(string property) => request.OptionOf(property) ?? base.OptionOf(property);

    public override IReadOnlyList<string> Examples =>
        [
            "ti train --model demo --images samples/my-cat --token my-cat --initializer cat",
            "ti train --model demo --images samples/my-style --token my-style --property style --initializer "
                + "painting --vectors 2",
        ];

    private async Task<int> RunAsync(ParseResult typed, ModelLocator locator, CancellationToken cancellationToken)
    {
        using var models = new TrainModels(locator);
        var (output, error) = (typed.InvocationConfiguration.Output, typed.InvocationConfiguration.Error);
        var messages = new ConsoleLog(error, typed.GetValue(quiet));
        var areSeveral = typed.IsGiven(concepts) && !typed.GetValue(together);
        if (typed.IsGiven(atOnce) && !areSeveral)
            throw new UsageException($"{atOnce.Name}: is for independent concepts; give {concepts.Name} for each.");
        return areSeveral
            ? await RunConceptsAsync(typed, typed.GetValue(concepts)!, models, messages, cancellationToken)
            : await RunAsync(typed, models, messages, output, member: null, cancellationToken);
    }

    private async Task<int> RunConceptsAsync(
        ParseResult typed,
        IReadOnlyList<string> texts,
        TrainModels models,
        ConsoleLog messages,
        CancellationToken cancellationToken
    )
    {
        foreach (var single in new Option[] { resume, name })
        {
            if (typed.IsGiven(single))
                throw new UsageException($"{single.Name}: is for one concept; leave it out with {concepts.Name}.");
        }

        var runs = new ConceptRuns(
            this,
            models,
            (concept, own, result, member, token) => RunAsync(concept, models, own, result, member, token),
            messages
        )
        {
            AtOnce = atOnce.Read(typed),
        };
        var all = ConceptTexts.Parse(this, typed, texts, ResumedCommand.Arguments(typed, concepts, atOnce));
        foreach (var concept in all)
            Output(concept, ReadRun(concept), resumed: null).Dispose(); // refuses files that exist
        try
        {
            return await runs.RunAsync(all, cancellationToken);
        }
        finally
        {
            var result = typed.InvocationConfiguration.Output;
            if (typed.GetValue(json))
                await result.WriteLineAsync(runs.Json());
            foreach (var path in typed.GetValue(json) ? [] : runs.Results)
                await result.WriteLineAsync(path);
        }
    }

    /// <summary>Trains as a command line asks, with a model that may have been loaded before.</summary>
    /// <param name="typed">The command line.</param>
    /// <param name="models">Opens the model, or has it open.</param>
    /// <param name="messages">Receives progress and warnings.</param>
    /// <param name="result">Receives the path of the embedding, or the JSON document.</param>
    /// <param name="member">Shares U-Net batches with other concepts; null to train alone.</param>
    /// <param name="cancellationToken">Ends the run. What was learned is written.</param>
    /// <returns>The exit code.</returns>
    /// <exception cref="TextualInversionException">
    /// Something is missing or cannot be used, a file cannot be written, or training diverged.
    /// </exception>
    /// <exception cref="UsageException">Options contradict each other.</exception>
    /// <exception cref="OperationCanceledException">It was canceled before the first step.</exception>
    public async Task<int> RunAsync(
        ParseResult typed,
        TrainModels models,
        ConsoleLog messages,
        TextWriter result,
        ConceptsAtOnce.Member? member,
        CancellationToken cancellationToken
    )
    {
        var clock = Stopwatch.StartNew();

        // Read.
        using var resumed = ResumedRun.Open(typed.GetValue(resume));
        var parsed = resumed is null ? typed : ResumedCommand.Merge(resumed.State.Command, typed);
        var asked = ReadRun(parsed) with { IsNegative = parsed.GetValue(negative) };
        resumed?.RequireSameSeeds(asked.Seeds, isTyped: typed.IsGiven(request.Seeds));
        using var files = Output(parsed, asked, resumed);

        // Prepare.
        var model = await models.OpenAsync(asked, messages, cancellationToken);
        using var job = TrainingJob.Prepare(asked, model, models.Locator.LatentCache, messages, cancellationToken);
        if (asked.SearchesInitializer)
            await job.FindInitializerAsync(
                files.Folder.FoundPhrasePath,
                resumed is not null,
                models.Locator,
                messages,
                cancellationToken
            );
        job.Setup.LogSummary(messages);
        var plan = sampling.Read(parsed, job.Setup, job.Model, messages);
        var isSame = resumed is not null && !resumed.IsExtended(asked.Options);
        var command = isSame ? resumed!.State.Command : Command(parsed, asked);

        // Run and print.
        if (asked.Seeds > 1)
        {
            var runs = new SeedRuns(job, files, command) { Samples = plan, Member = member };
            Print(runs.Execute(resumed is not null, messages, cancellationToken));
            files.WriteExtraFiles(bestStep: 0, messages);
            return runs.ReportOutcome(messages);
        }

        var run = new TrainRun(job, job.Setup, files, command) { Samples = plan, Member = member };
        var record = run.Execute(resumed?.State, clock, messages, cancellationToken);
        Print(record);
        files.WriteExtraFiles(record.Result.BestStep, messages);
        return run.ReportOutcome(record, messages);

        void Print(RunRecord done) =>
            result.WriteLine(
                typed.GetValue(json)
                    ? JsonOutput.Serialize(done.Result.WithFullPaths())
                    : string.Join(Environment.NewLine, files.EmbeddingPaths)
            );
    }

    /// <summary>The arguments of a run, of one word or of several together.</summary>
    private TrainRequest ReadRun(ParseResult parsed)
    {
        RequireOneImage(parsed);
        if (!parsed.GetValue(together))
            return request.Read(parsed);
        var common = ResumedCommand.Arguments(parsed, concepts, together, resume);
        return WordsTogether.Read(this, parsed, parsed.GetValue(concepts) ?? [], common);
    }

    /// <summary>Refuses a preview of a run that generates no images, or of which there are several.</summary>
    private void RequireOneImage(ParseResult parsed)
    {
        if (!parsed.GetValue(preview))
            return;
        if (parsed.GetValue(together))
            throw new UsageException($"{preview.Name}: shows one word; leave it out with {together.Name}.");
        if (parsed.GetValue(request.Seeds) > 1)
            throw new UsageException($"{preview.Name}: is for a run of one seed; leave it out with --seeds.");
        if (!sampling.IsOn(parsed))
            throw new UsageException(
                $"{preview.Name}: shows an image of the run; say how often to generate one with --sample-every."
            );
    }

    private TrainOutput Output(ParseResult parsed, TrainRequest asked, ResumedRun? resumed)
    {
        var files = new TrainOutput(
            parsed.GetValue(output)!,
            parsed.GetValue(name),
            [.. asked.Placeholders.Select(placeholder => placeholder.Name)],
            resumed is not null || parsed.GetValue(overwrite),
            new ExtraFiles(
                parsed.GetValue(program) is { } wanted ? TargetProgram.Find(wanted) : null,
                parsed.GetValue(preview)
            )
        );
        if (resumed is not null)
            files.RequireIn(resumed.Folder);
        return files;
    }

    /// <summary>The arguments that repeat the run, with the seed if it was drawn.</summary>
    private List<string> Command(ParseResult parsed, TrainRequest asked) =>
        [
            .. ResumedCommand.Arguments(parsed, request.Seed, request.Libtorch, overwrite, quiet, json, resume),
            request.Seed.Name,
            asked.Options.Seed.ToString(CultureInfo.InvariantCulture),
        ];
}
