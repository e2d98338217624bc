using System.CommandLine;
using System.Diagnostics;
using TextualInversion.Checkpoints;
using TextualInversion.Cli.Infrastructure;
using TextualInversion.Cli.ModelAccess;
using TextualInversion.Cli.Runs;
using TextualInversion.Cli.Terminal;
using TextualInversion.Data;
using TextualInversion.Evaluation;
using TextualInversion.IO;
using TextualInversion.Models;
using TextualInversion.Models.Tokenizers;
using TextualInversion.Schedulers;
using static System.FormattableString;
using static TorchSharp.torch;

namespace TextualInversion.Cli.Eval;

/// <summary><c>ti eval</c>: scores embeddings.</summary>
internal sealed class EvalCommand : CommandBase
{
    private readonly EvalInputOptions inputs = new();
    private readonly EvalImageOptions images = new();
    private readonly ModelOptions model = new(ModelOptions.RecordedModel);
    private readonly PathOption clipModel = new("--clip-model")
    {
        HelpName = "DIR|ID",
        Description =
            "The CLIP model that compares images and texts: a folder or a hub id. "
            + $"Default: clip/ in the model's folder, or else {ClipFinder.Default}.",
    };
    private readonly PathOption dinoModel = new("--dino-model")
    {
        HelpName = "DIR|ID",
        Description =
            "Also measure image similarity by a DINOv2, which tells things of one kind apart better than CLIP: a "
            + $"folder or a hub id, such as {DinoFinder.Default}. Default: none.",
    };
    private readonly Option<string> device = SharedOptions.Device();
    private readonly Option<Precision> precision = SharedOptions.Precision();
    private readonly PathOption report = new("--report")
    {
        HelpName = "FILE.html",
        Description = "Also write an HTML page with a plot and all images.",
    };
    private readonly PathOption cache = new("--cache")
    {
        HelpName = "DIR",
        Description =
            "Folder of the generated images. The next evaluation reuses them, also after an interruption. "
            + "Default: eval/ in the run's folder, or else ti/eval in the user's cache.",
    };
    private readonly Option<bool> overwrite = SharedOptions.Overwrite();
    private readonly Option<bool> quiet = SharedOptions.Quiet();
    private readonly Option<bool> json = SharedOptions.Json();
    private readonly ModelLocator models;
    private readonly Func<string, string?> variable;

    public EvalCommand(ModelLocator models, Func<string, string?> variable)
        : base("eval", "Score embeddings by the image similarity and text similarity of CLIP, and recommend one.")
    {
        (this.models, this.variable) = (models, variable);
        RefuseOptionsAmong(inputs.Embeddings);
        RefuseOptionsAmong(inputs.Images);
        RefuseOptionsAmong(inputs.References);
        AddGroup("Most used", [.. inputs.All, model.Model, images.Count, report]);
        AddGroup("Images", [.. images.Others, clipModel, dinoModel]);
        AddGroup("Model", model.Lora, model.Variant, model.Config, model.Vae, model.Prediction);
        AddGroup("Machine", device, precision, SharedOptions.Libtorch());
        AddGroup("Output", cache, overwrite, quiet, json);
        SetAction(
            (parsed, cancellationToken) =>
                RunAsync(
                    parsed,
                    new ConsoleLog(parsed.InvocationConfiguration.Error, parsed.GetValue(quiet)),
                    parsed.InvocationConfiguration.Output,
                    open: null,
                    cancellationToken
                )
        );
    }

    public override string? OptionOf(string property) =>
        property == nameof(EvaluateOptions.Clip) ? clipModel.Name : base.OptionOf(property);

    public override IReadOnlyList<string> Examples =>
        [
            "ti eval --embedding embeddings/my-cat.safetensors --images samples/my-cat",
            "ti eval --run runs/my-cat --count 16 --report my-cat.html",
        ];

    /// <summary>Evaluates as a command line asks.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="messages">Receives progress and warnings.</param>
    /// <param name="output">Receives the table or the JSON document.</param>
    /// <param name="open">The same model if it is open already, or null to load it.</param>
    /// <param name="cancellationToken">Cancels it. The images that were generated are kept.</param>
    /// <returns>The exit code.</returns>
    /// <exception cref="TextualInversionException">Something is missing or cannot be used.</exception>
    /// <exception cref="UsageException">Options contradict each other.</exception>
    /// <exception cref="OperationCanceledException">It was canceled.</exception>
    public async Task<int> RunAsync(
        ParseResult parsed,
        ConsoleLog messages,
        TextWriter output,
        IDiffusionModel? open,
        CancellationToken cancellationToken
    )
    {
        var clock = Stopwatch.StartNew();
        if (parsed.GetValue(report) is { } page)
            OutputFile.RefuseToReplace(page, parsed.GetValue(overwrite), report.Name);
        var input = inputs.Read(parsed);
        input.RequireLoras(model.Read(parsed).UsedLoras);
        foreach (var warning in input.Warnings)
            messages.Warn(warning);
        var cacheFolder = parsed.GetValue(cache) ?? DefaultCache(input.Run);
        RequireWritable(cacheFolder);
        var trainingImages = ReadImages(input.References ?? input.Images, messages);
        using var embeddings = new EvalCandidates(input.Embeddings);
        var word = input.Initializer ?? EmbeddingEvaluation.RecordedInitializer(embeddings.Provenances);
        var (modelName, files) = await models.FindAsync(
            model.Read(parsed),
            embeddings.BaseModel,
            messages,
            cancellationToken
        );
        WarnOfMissingLoras(input, embeddings, model.Read(parsed).UsedLoras, messages);
        var clip = await models.FindClipAsync(parsed.GetValue(clipModel), files, messages, cancellationToken);

        var dino = parsed.GetValue(dinoModel) is { } named
            ? await models.FindDinoAsync(named, messages, cancellationToken)
            : null;
        var job = new EvalJob(input, word, trainingImages, modelName, files, clip, dino, cacheFolder);
        var (result, options) = Evaluate(parsed, job, embeddings, open, messages, cancellationToken);

        WriteReport(parsed, result, job, options, messages);
        var memory = ByteSize.Format(ProcessMemory.PeakBytes());
        messages.Info(Invariant($"{clock.Elapsed.TotalSeconds:F0} s, {memory} of memory"));
        WarnOfValidation(input.Run, messages);
        Print(parsed, EvalJson.Of(result, modelName, word, options), result, output);
        return ExitCode.Done;
    }

    /// <summary>The images that a command line asks for, and the noise schedule that they are made with.</summary>
    /// <exception cref="TextualInversionException">A value is out of its range, or a file cannot be read.</exception>
    public (EvaluationOptions Options, SchedulerConfig Scheduler) ReadImages(
        ParseResult parsed,
        IModelFiles files,
        IDiffusionModel network
    )
    {
        var scheduler = ModelScheduler.Load(files, model.Read(parsed).Prediction);
        return (images.Read(parsed, inputs.Read(parsed), files, scheduler, network), scheduler);
    }

    private static void WarnOfMissingLoras(
        EvalInput input,
        EvalCandidates embeddings,
        IReadOnlyList<Lora> used,
        ConsoleLog messages
    )
    {
        foreach (var (name, provenance) in input.Embeddings.Zip(embeddings.Provenances))
            if (LoraArgument.Missing(name, provenance.Loras, used) is { } warning)
                messages.Warn(warning);
    }

    /// <summary>Refuses before the model is loaded rather than after the first image.</summary>
    private void RequireWritable(string folder)
    {
        try
        {
            AtomicFile.RequireWritable(folder);
        }
        catch (TextualInversionException problem)
        {
            throw new TextualInversionException($"{problem.Message} {cache.Name} names one for the images.", problem);
        }
    }

    private static IReadOnlyList<RgbImage> ReadImages(IReadOnlyList<string> paths, ConsoleLog messages)
    {
        var images = TrainingImages.Load(paths, new TrainingImageOptions());
        foreach (var warning in images.Warnings)
            messages.Warn(warning);
        return images.Decode();
    }

    private void WriteReport(
        ParseResult parsed,
        EvaluationResult result,
        EvalJob job,
        EvaluationOptions options,
        ConsoleLog messages
    )
    {
        if (parsed.GetValue(report) is not { } page)
            return;
        var html = new EvalReport(result, job.TrainingImages, job.Describe(options)).Write();
        var mayReplace = parsed.GetValue(overwrite);
        OutputFile.Write(page, mayReplace, report.Name, () => AtomicFile.WriteText(page, mayReplace, html));
        messages.Info($"report: {JsonOutput.Relative(page)}");
    }

    private (EvaluationResult Result, EvaluationOptions Options) Evaluate(
        ParseResult parsed,
        EvalJob job,
        EvalCandidates embeddings,
        IDiffusionModel? open,
        ConsoleLog messages,
        CancellationToken cancellationToken
    )
    {
        var scheduler = ModelScheduler.Load(job.Files, model.Read(parsed).Prediction);
        var (where, format) = ModelLoader.Resolve(parsed.GetValue(device)!, parsed.GetValue(precision));
        using var own = open is null ? ModelLoader.Open(job.Files, where, format) : null;
        var network = open ?? own!;
        using var clip = new ClipScorer(job.ClipFolder, network.Device);
        using var scope = NewDisposeScope();
        var candidates = embeddings.For(network);
        _ = Initializer.Parse(network.Tokenizers[0], job.Initializer); // refuses words that the model does not know
        var options = images.Read(parsed, job.Input, job.Files, scheduler, network);
        messages.Info(job.Describe(options));

        messages.Info($"images are kept in {job.CacheFolder}");
        var fingerprint = $"{ModelFingerprint.Of(job.Files)} {format}";
        var generator = new CandidateGenerator(network, scheduler, fingerprint);
        var evaluator = new Evaluator(generator, clip, new ImageCache(job.CacheFolder), options);
        using var display = new ProgressDisplay(messages.Error, messages.Quiet, "image");
        var progress = new SynchronousProgress<EvaluationProgress>(at =>
            display.Show(at.Done, at.Total, $" ({at.Done - at.Generated} from the cache)")
        );
        try
        {
            var result = evaluator.Run(
                candidates,
                job.Initializer,
                job.TrainingImages,
                job.ModelName,
                progress,
                cancellationToken
            );
            return (AddDino(job, result, options.Count, network.Device, cancellationToken), options);
        }
        catch (OperationCanceledException)
        {
            messages.Info("rerun the same command to continue");
            throw;
        }
    }

    private static EvaluationResult AddDino(
        EvalJob job,
        EvaluationResult result,
        int count,
        Device device,
        CancellationToken cancellationToken
    )
    {
        if (job.DinoFolder is null)
            return result;
        using var dino = new DinoScorer(job.DinoFolder, device);
        return dino.Add(result, job.TrainingImages, count, cancellationToken);
    }

    private void Print(ParseResult parsed, EvalJson document, EvaluationResult result, TextWriter output)
    {
        if (parsed.GetValue(json))
            output.WriteLine(JsonOutput.Serialize(document));
        else
            EvalTable.Write(output, result);
    }

    /// <summary>Says when the run's validation loss is hardly below that of an empty prompt.</summary>
    private static void WarnOfValidation(string? run, ConsoleLog messages)
    {
        if (run is null || RunRecord.Read(run).Result.Validation is not { } loss)
            return;
        if (ValidationWarning.Of(loss) is { } warning)
            messages.Warn($"{run}: {warning}");
    }

    private string DefaultCache(string? run)
    {
        if (run is not null)
            return Path.Combine(run, "eval");
        return UserCache.Find(variable) is { } folder
            ? Path.Combine(folder, "eval")
            : throw new UsageException($"{cache.Name}: name a folder for the images; this user has no home folder.");
    }
}
