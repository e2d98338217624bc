using System.CommandLine;
using TextualInversion.Checkpoints;
using TextualInversion.Cli.EmbeddingFiles;
using TextualInversion.Cli.Generate;
using TextualInversion.Cli.Infrastructure;
using TextualInversion.Cli.ModelAccess;
using TextualInversion.Cli.Terminal;
using TextualInversion.Embeddings;
using TextualInversion.Generation;
using TextualInversion.IO;
using TextualInversion.Models;
using TextualInversion.Models.Tokenizers;
using TextualInversion.Schedulers;
using TextualInversion.Training.Distillation;
using TextualInversion.Training.Estimates;
using static TorchSharp.torch;

namespace TextualInversion.Cli.Distill;

/// <summary><c>ti distill</c>: few vectors that do what a long prompt does, without images.</summary>
internal sealed class DistillCommand : CommandBase
{
    private readonly Argument<string?> prompt = new("PROMPT")
    {
        HelpName = "PROMPT",
        Arity = ArgumentArity.ZeroOrOne,
        Description =
            "The prompt, as in ti generate: with weights, embeddings and LoRAs, and of any length. It may be left out "
            + "with one --embedding, which is then shortened.",
    };
    private readonly PathListOption embeddings = new("--embedding")
    {
        HelpName = "FILE[=trigger][@strength]|DIR",
        Description =
            "An embedding that the prompt calls, or that is shortened itself; repeat the option for several. Default: "
            + "those in embeddings/ that the prompt calls.",
    };
    private readonly DistillOptions learning = new();
    private readonly NameOption token = new("--token")
    {
        HelpName = "NAME",
        Description =
            "The placeholder token that stands for the vectors in prompts. Default: from the first words of the "
            + "prompt, or my-cat-2 for my-cat in two vectors.",
    };
    private readonly ModelOptions model = new(ModelOptions.RecordedModel);
    private readonly Option<string> device = SharedOptions.Device();
    private readonly Option<Precision> precision = SharedOptions.Precision();
    private readonly Option<ulong?> seed = SharedOptions.Seed();
    private readonly PathOption output = new("--output")
    {
        HelpName = "FILE",
        Description = "The embedding file to write. Default: embeddings/TOKEN.safetensors.",
    };
    private readonly Option<bool> overwrite = SharedOptions.Overwrite();
    private readonly Option<bool> quiet = SharedOptions.Quiet();
    private readonly Option<bool> json = SharedOptions.Json();

    public DistillCommand(ModelLocator models)
        : base(
            "distill",
            "Make an embedding of few vectors that does what a long prompt does, or shorten an embedding. Needs no "
                + "images: the model's own answer to the whole prompt is what the vectors learn."
        )
    {
        prompt.Validators.Add(Suggestions.RefuseOptions);
        Arguments.Add(prompt);
        AddGroup("Most used", [.. learning.MostUsed, token, embeddings, model.Model, seed]);
        AddGroup("Learning", learning.Learning);
        AddGroup("Model", model.Lora, model.Variant, model.Config, model.Vae, model.Prediction);
        AddGroup("Machine", device, precision, SharedOptions.Libtorch());
        AddGroup("Output", output, learning.Compare, overwrite, quiet, json);
        SetAction((parsed, cancellationToken) => RunAsync(parsed, models, cancellationToken));
    }

    public override IReadOnlyList<string> Examples =>
        [
            "ti distill \"a photo of a purple dotted cat on a beach\" --vectors 2 --token beach-cat --model demo",
            "ti distill --embedding embeddings/my-cat.safetensors --vectors 2 --model demo",
        ];

    private async Task<int> RunAsync(ParseResult parsed, ModelLocator models, CancellationToken cancellationToken)
    {
        var messages = new ConsoleLog(parsed.InvocationConfiguration.Error, parsed.GetValue(quiet));
        using var request = DistillRequest.Read(
            parsed.GetValue(prompt),
            parsed.GetValue(embeddings) ?? [],
            learning.Vectors(parsed),
            parsed.GetValue(token),
            parsed.GetValue(output),
            messages
        );
        OutputFile.RefuseToReplace(request.Path, parsed.GetValue(overwrite), OutputOption(parsed));
        var (device, precision) = ModelLoader.Resolve(parsed.GetValue(this.device)!, parsed.GetValue(this.precision));
        var modelRequest = model.Read(parsed);
        request.Embeddings.AddBundles(PromptLoras.OfAll([request.Prompt], modelRequest.UsedLoras), messages.Warn);
        var recorded = PromptEmbeddings.BaseModel(request.Embeddings, [request.Prompt]);
        var check = new PromptCheck([request.Prompt], negative: null, request.Embeddings, messages);
        check.Run(
            await models.FindOwnTokensAsync(modelRequest, recorded, check.Unanswered, cancellationToken),
            allowUnknown: false
        );
        var (name, plain) = await models.FindAsync(modelRequest, recorded, messages, cancellationToken);
        var loras = PromptLoras.For(plain, [request.Prompt], modelRequest.UsedLoras);
        using var network = Open(parsed, loras.Files, device, precision);
        LayoutExtension.Require(output.Name, request.Path, EmbeddingFormats.Default(network.Vocabularies.Count));
        _ = new PromptTokenizers(network.Tokenizers, [request.Placeholder]); // refuses a token that is taken
        var scheduler = ModelScheduler.Load(loras.Files, modelRequest.Prediction);
        var defaults = ModelDefaults.Read(loras.Files, scheduler, network.Resolution);
        var options = learning.Read(
            parsed,
            defaults.Settings(null, null, null),
            parsed.GetValue(seed) ?? SharedOptions.DrawSeed(),
            request.ShortensNegative
        );
        AtomicFile.RequireWritable(Path.GetDirectoryName(Path.GetFullPath(request.Path))!);
        using var result = Distill(request, network, scheduler, options, messages, cancellationToken);
        var provenance = new DistillationOrigin(
            request.Prompt,
            request.Placeholder.Name,
            name,
            loras.Files,
            loras.Of(request.Prompt),
            scheduler.PredictionType,
            Versions.Software
        ).Provenance(result, options, network);
        // The result still disposes of the vectors.
        var embedding = new LearnedEmbedding(request.Placeholder.Name, result.Rows, provenance.ToMetadata());
        Write(parsed, embedding, request.Path);
        Print(parsed, new DistillReport(request, name, options, result), messages);
        return result.IsCancelled ? ExitCode.Cancelled : ExitCode.Done;
    }

    private IDiffusionModel Open(ParseResult parsed, IModelFiles files, Device device, Precision precision)
    {
        var training = new TrainOptions { BatchSize = learning.BatchSize(parsed) };
        var network = ModelLoader.Open(files, device, precision);
        MemoryChoice.Of(training, files, device, network.Type).ApplyTo(network);
        return network;
    }

    private static DistillationResult Distill(
        DistillRequest request,
        IDiffusionModel network,
        SchedulerConfig scheduler,
        DistillationOptions options,
        ConsoleLog messages,
        CancellationToken cancellationToken
    )
    {
        using var scope = NewDisposeScope();
        var widths = network.Vocabularies.Select(vocabulary => vocabulary.shape[1]).ToList();
        var text = LoraTag.Remove(request.Prompt);
        var called = new PromptEmbeddings(request.Embeddings, [text], widths, messages.Warn);
        WarnOfMark(request, called.Set, options, messages);
        var capacity = new PromptTokenizer(network.Tokenizers[0], []).Capacity;
        var source = new DistillationSource(
            called.Resolve(text),
            called.Placeholders(called.Set.Embeddings, capacity),
            called.Set.Rows(network)
        );
        var distiller = new Distiller(network, new NoiseSchedule(scheduler), source, options);
        messages.Info(
            $"{request.Placeholder.Name}: {Plural.Of(options.Vectors, "vector")} in place of {distiller.Tokens} "
                + $"tokens, seed {options.Seed}"
        );
        messages.Info($"generating {NoisyLatents.Count} images of the model, in latents, to learn from");
        using var images = new ProgressDisplay(messages.Error, messages.Quiet, "image");
        using var steps = new DistillDisplay(options.Steps, messages);
        return distiller.Run(
            new SynchronousProgress<int>(done => images.Show(done, NoisyLatents.Count, "")),
            new SynchronousProgress<(int Step, double Loss)>(steps.Show),
            cancellationToken
        );
    }

    /// <summary>Says what becomes of the mark of embeddings for negative prompts.</summary>
    private static void WarnOfMark(
        DistillRequest request,
        EmbeddingSet called,
        DistillationOptions options,
        ConsoleLog messages
    )
    {
        var negative = called.Embeddings.FirstOrDefault(embedding => ModelSpec.IsNegative(embedding.Provenance));
        if (request.ShortensNegative)
            messages.Info($"{negative?.Trigger} is marked for negative prompts, and so is {request.Placeholder.Name}");
        else if (negative is not null && !options.IsNegative)
            messages.Warn(
                $"the prompt calls {negative.Trigger}, which is marked for negative prompts; add --negative-embedding "
                    + $"if {request.Placeholder.Name} is for them too."
            );
    }

    private void Write(ParseResult parsed, LearnedEmbedding embedding, string path)
    {
        var mayReplace = parsed.GetValue(overwrite);
        OutputFile.Write(
            path,
            mayReplace,
            OutputOption(parsed),
            () => EmbeddingFile.Write(path, embedding, mayReplace)
        );
    }

    private string OutputOption(ParseResult parsed) => parsed.GetValue(output) is null ? token.Name : output.Name;

    private void Print(ParseResult parsed, DistillReport report, ConsoleLog messages)
    {
        var result = parsed.InvocationConfiguration.Output;
        if (parsed.GetValue(json))
            result.WriteLine(JsonOutput.Serialize(report));
        else
            report.Write(result);
        if (report.Cancelled)
            messages.Info(
                $"canceled after {Plural.Of(report.Steps, "step")}; the vectors of step {report.BestStep} are kept and "
                    + "not compared"
            );
        if (!report.IsNearer)
            messages.Warn(
                $"the vectors are no nearer to the whole prompt than {report.Truncated}; try more --steps or --vectors."
            );
    }
}
