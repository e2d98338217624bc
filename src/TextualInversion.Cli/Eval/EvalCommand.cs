using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using TextualInversion.Checkpoints;
using TextualInversion.Cli.EmbeddingFiles;
using TextualInversion.Cli.Infrastructure;
using TextualInversion.Cli.ModelAccess;
using TextualInversion.Cli.Runs;
using TextualInversion.Cli.Terminal;
using TextualInversion.Data;
using TextualInversion.Evaluation;
using TextualInversion.Generation;
using TextualInversion.IO;
using TextualInversion.Models;
using TextualInversion.Models.Tokenizers;
using TextualInversion.Schedulers;
using static TorchSharp.torch;

namespace TextualInversion.Cli.Eval;

/// <summary><c>ti eval</c>: how good embeddings are.</summary>
internal sealed class EvalCommand : CommandBase
{
    private const int PaperCount = 64,
        StandardCount = 8;

    private readonly PathListOption embeddings = new("--embedding")
    {
        HelpName = "FILE…",
        Description = "The learned words to compare.",
        AllowMultipleArgumentsPerToken = true,
    };
    private readonly PathOption run = new("--run")
    {
        HelpName = "RUN",
        Description = "A run's folder, such as runs/my-cat: compares all its checkpoints and the final file.",
    };
    private readonly PathListOption images = new("--images")
    {
        HelpName = "PATH…",
        Description = "The given images, folders or files. Default: those of the run.",
        AllowMultipleArgumentsPerToken = true,
    };
    private readonly Option<string?> initializer = new("--initializer")
    {
        HelpName = "TEXT",
        Description = "The word to compare with. Default: the recorded one.",
    };
    private readonly OptionalChoiceOption<LearnedProperty> property = new("--property")
    {
        Description = "For the choice of prompts. Default: the run's, else object.",
    };
    private readonly PathOption prompts = new("--prompts")
    {
        HelpName = "FILE",
        Description =
            "Own edit prompts, one a line, {} for the placeholder. Default: two places and two media; for a style four things.",
    };
    private readonly ModelOptions model = new();
    private readonly NumberOption<int> count = new("--count")
    {
        HelpName = "N",
        Description =
            $"Images of each prompt. Default: {StandardCount}; the paper has {PaperCount}, which takes as many times longer and halves the errors with each four times more.",
        DefaultValueFactory = _ => StandardCount,
    };
    private readonly NumberOption<ulong> seed = new("--seed")
    {
        HelpName = "N",
        Description =
            "Image i of every prompt and row uses seed + i. Default: 0, always the same, so that what was painted once is used again.",
    };
    private readonly OptionalNumberOption<int> steps = new("--steps")
    {
        HelpName = "N",
        Description = "Steps of the sampler. Default: the model's recommendation, else 30.",
    };
    private readonly OptionalNumberOption<double> guidance = new("--guidance")
    {
        HelpName = "X",
        Description = "How strictly prompts are followed. Default: the model's recommendation, else 7.5.",
    };
    private readonly Option<string?> sampler = new("--sampler")
    {
        HelpName = "NAME",
        Description = "As of ti generate. Default: the model's recommendation, else its own.",
    };
    private readonly PathOption clip = new("--clip")
    {
        HelpName = "DIR|ID",
        Description =
            $"The CLIP that judges: a folder or a hub id. Default: clip/ in the model's folder, else {ClipLocator.Default}.",
    };
    private readonly Option<string> device = SharedOptions.Device();
    private readonly Option<Precision> precision = SharedOptions.Precision();
    private readonly PathOption report = new("--report")
    {
        HelpName = "FILE.html",
        Description = "One page with a plot and all images.",
    };
    private readonly PathOption cache = new("--cache")
    {
        HelpName = "DIR",
        Description =
            "Where images are kept, for the next time and for going on after an interruption. Default: eval/ in the run's folder, else ti/eval in the user's cache.",
    };
    private readonly Option<bool> overwrite = SharedOptions.Overwrite();
    private readonly Option<bool> quiet = SharedOptions.Quiet();
    private readonly Option<bool> json = SharedOptions.Json();
    private readonly ModelLocator models;
    private readonly Func<string, string?> variable;

    public EvalCommand(ModelLocator models, Func<string, string?> variable)
        : base(
            "eval",
            "Scores learned words as the paper does: likeness to the given images, obedience to the rest of the prompt; says which to keep."
        )
    {
        (this.models, this.variable) = (models, variable);
        RefuseOptionsAmong(embeddings);
        RefuseOptionsAmong(images);
        AddGroup("Most used", embeddings, run, images, initializer, property, prompts, model.Model, count, report);
        AddGroup("Images", seed, steps, guidance, sampler, clip);
        AddGroup("Model", model.Variant, model.Config, model.Vae, model.Prediction);
        AddGroup("Machine", device, precision);
        AddGroup("Output", cache, overwrite, quiet, json);
        SetAction(RunAsync);
    }

    public override IReadOnlyList<string> Examples =>
        [
            "ti eval --embedding embeddings/my-cat.safetensors --images samples/my-cat",
            "ti eval --run runs/my-cat --count 16 --report my-cat.html",
        ];

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var clock = Stopwatch.StartNew();
        var messages = new ConsoleLog(parsed.InvocationConfiguration.Error, parsed.GetValue(quiet));
        if (parsed.GetValue(report) is { } file)
            AtomicFile.RefuseToReplace(file, parsed.GetValue(overwrite));
        var recorded = parsed.GetValue(run) is { } folder ? RunArtifacts.Read(folder) : null;
        var names = (recorded?.Embeddings ?? []).Concat(parsed.GetValue(embeddings) ?? []).Distinct().ToList();
        if (names.Count == 0)
            throw new TextualInversionException("Nothing to score: name files with --embedding, or a run with --run.");
        var paths = parsed.GetValue(images) is { Length: > 0 } named
            ? named
            : recorded?.Images
                ?? throw new TextualInversionException("--images: name the given images; only a --run records them.");
        var given = ImageFiles.Find(paths).Images.Select(ImageDecoder.Decode).ToList();
        var shelves = names.Select(name => EmbeddingSet.Load([EmbeddingArgument.Parse(name)])).ToList();
        using var all = new Disposables(shelves);
        var word = parsed.GetValue(initializer) ?? RecordedWord(shelves);
        var baseModel = shelves
            .SelectMany(shelf => shelf.Embeddings)
            .Select(embedding => embedding.Provenance.GetValueOrDefault("base_model"))
            .FirstOrDefault(name => name is not null);
        var (modelName, files) = await models.FindAsync(model.Read(parsed), baseModel, messages, cancellationToken);
        var clipFolder = await new ClipLocator(variable).FindAsync(
            parsed.GetValue(clip),
            files,
            messages,
            cancellationToken
        );
        var scheduler = ModelScheduler.Load(files, model.Forced(parsed));
        using var network = ModelLoader.Open(files, parsed.GetValue(device)!, parsed.GetValue(precision));
        using var scorer = new ClipScorer(clipFolder, network.Device);
        using var scope = NewDisposeScope();
        var widths = network.Vocabularies.Select(vocabulary => vocabulary.shape[1]).ToList();
        var candidates = names
            .Zip(
                shelves,
                (name, shelf) =>
                    new Candidate(
                        JsonOutput.Relative(name),
                        shelf.Embeddings[0].Trigger,
                        shelf.Placeholders(widths),
                        shelf.Rows(network)
                    )
            )
            .ToList();
        // Refused before the work: a word that the model does not know, a placeholder that its vocabulary already holds.
        _ = Initializer.Parse(network.Tokenizers[0], word);
        foreach (var candidate in candidates)
            _ = new PromptTokenizers(network.Tokenizers, candidate.Placeholders);

        var options = Resolve(parsed, recorded, Generation(parsed, files, scheduler, network));
        var settings = Settings(options, modelName, clipFolder, given.Count);
        messages.Info(settings);
        var kept =
            parsed.GetValue(cache) ?? (parsed.GetValue(run) is { } home ? Path.Combine(home, "eval") : UserCache());
        var painter = new CandidateGenerator(
            network,
            scheduler,
            $"{ModelFingerprint.Of(files)} {parsed.GetValue(precision)}"
        );
        var result = Evaluate(
            new Evaluator(painter, scorer, new ImageCache(kept), options),
            candidates,
            word,
            given,
            Path.GetFileName(modelName.TrimEnd('/')),
            kept,
            messages,
            cancellationToken
        );

        if (parsed.GetValue(report) is { } page)
        {
            AtomicFile.WriteText(page, parsed.GetValue(overwrite), new EvalReport(result, given, settings).Write());
            messages.Info($"the report is in {JsonOutput.Relative(page)}");
        }

        messages.Info(
            string.Create(
                CultureInfo.InvariantCulture,
                $"{clock.Elapsed.TotalSeconds:F0} s, {ByteSize.Format(ProcessMemory.PeakBytes())} of memory; the images are in {kept}"
            )
        );
        if (parsed.GetValue(json))
            parsed.InvocationConfiguration.Output.WriteLine(EvalJson.Serialize(result, modelName, word, options));
        else
            EvalTable.Write(parsed.InvocationConfiguration.Output, result);
        return 0;
    }

    private static EvaluationResult Evaluate(
        Evaluator evaluator,
        IReadOnlyList<Candidate> candidates,
        string word,
        IReadOnlyList<RgbImage> given,
        string modelName,
        string kept,
        ConsoleLog messages,
        CancellationToken cancellationToken
    )
    {
        using var display = new ProgressDisplay(messages.Error, messages.Quiet, "image");
        var progress = new SynchronousProgress<EvaluationProgress>(at =>
            display.Show(at.Done, at.Total, $" ({at.Done - at.Painted} from the cache)")
        );
        try
        {
            return evaluator.Run(candidates, word, given, modelName, progress, cancellationToken);
        }
        catch (OperationCanceledException)
        {
            messages.Info($"what was painted is kept in {kept}; the same command goes on from there");
            throw;
        }
    }

    private static string RecordedWord(IReadOnlyList<EmbeddingSet> shelves)
    {
        var words = shelves
            .SelectMany(shelf => shelf.Embeddings)
            .Select(embedding => embedding.Provenance.GetValueOrDefault("initializer"))
            .OfType<string>()
            .Distinct()
            .ToList();
        return words.Count == 1
            ? words[0]
            : throw new TextualInversionException(
                words.Count == 0
                    ? "--initializer: none of the files records the word that it was learned from; name an ordinary word for what the images show, such as cat."
                    : $"--initializer: the files were learned from {string.Join(", ", words)}; name the word to compare all of them with."
            );
    }

    private EvaluationOptions Resolve(ParseResult parsed, RunArtifacts? recorded, GenerationSettings generation)
    {
        var learned =
            parsed.GetValue(property)
            ?? (recorded?.Property == "style" ? LearnedProperty.Style : LearnedProperty.Object);
        var options = new EvaluationOptions
        {
            BarePrompt = EvaluationPrompts.Bare(learned),
            EditPrompts = parsed.GetValue(prompts) is { } own
                ? PromptTemplates.Read(own)
                : EvaluationPrompts.Edits(learned),
            Count = parsed.GetValue(count),
            Seed = parsed.GetValue(seed),
            Generation = generation,
        };
        options.Validate();
        return options;
    }

    private GenerationSettings Generation(
        ParseResult parsed,
        IModelFiles files,
        SchedulerConfig scheduler,
        IDiffusionModel network
    )
    {
        var wishes = new ModelDefaults(GenerationDefaults.Read(files), scheduler, network.Resolution);
        return new GenerationSettings
        {
            Prompt = "",
            Sampler = wishes.ChooseSampler(parsed.GetValue(sampler)),
            Steps = parsed.GetValue(steps) ?? wishes.Defaults.NumInferenceSteps ?? ModelDefaults.Steps,
            Guidance = parsed.GetValue(guidance) ?? wishes.Defaults.GuidanceScale ?? ModelDefaults.Guidance,
            Width = network.Resolution,
            Height = network.Resolution,
        };
    }

    private static string Settings(EvaluationOptions options, string modelName, string clipFolder, int given) =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"model {modelName}, {Samplers.DisplayName(options.Generation.Sampler)}, {options.Generation.Steps} steps, guidance {options.Generation.Guidance}; judged by {clipFolder} against {given} given images; {options.Count} images a prompt (the paper: {PaperCount}), {1 + options.EditPrompts.Count} prompts a row, seeds from {options.Seed}"
        );

    private string UserCache()
    {
        string? Read(string name) => variable(name) is { Length: > 0 } value ? value : null;
        var home = Read("HOME") ?? Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
        return Path.Combine(Read("XDG_CACHE_HOME") ?? Path.Combine(home, ".cache"), "ti", "eval");
    }

    private sealed class Disposables(IReadOnlyList<IDisposable> members) : IDisposable
    {
        public void Dispose()
        {
            foreach (var member in members)
                member.Dispose();
        }
    }
}
