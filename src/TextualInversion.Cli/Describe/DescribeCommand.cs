using System.CommandLine;
using TextualInversion.Cli.EmbeddingFiles;
using TextualInversion.Cli.Generate;
using TextualInversion.Cli.Generate.Options;
using TextualInversion.Cli.Infrastructure;
using TextualInversion.Cli.ModelAccess;
using TextualInversion.Cli.Terminal;
using TextualInversion.Cli.Train;
using TextualInversion.Cli.Train.Options;
using TextualInversion.Data;
using TextualInversion.Generation;
using TextualInversion.Models;
using TextualInversion.Models.Tokenizers;
using TextualInversion.Training.Initializers;

namespace TextualInversion.Cli.Describe;

/// <summary>
/// <c>ti describe</c>: the phrase from which <c>ti train --initializer auto</c> would start, and images of it. They
/// show what the model can already do with words.
/// </summary>
internal sealed class DescribeCommand : CommandBase
{
    // Prompts need a token that the phrase replaces. It is not written to any file.
    private const string Token = "described-images";

    private readonly Argument<string[]> images = EmbeddingArguments.Several(
        "PATH…",
        "The images: files or folders; three to five images of one thing or style work best."
    );
    private readonly LearningOptions learning = new();
    private readonly ModelOptions model = new(ModelOptions.NamedModel);
    private readonly NumberOption<int> words = new("--words")
    {
        HelpName = "N",
        Minimum = 1,
        Maximum = TrainOptions.MostVectors,
        Description =
            $"The most words of the phrase, 1 to {TrainOptions.MostVectors}. "
            + $"Default: {TrainOptions.MostAutoVectors}.",
        DefaultValueFactory = _ => TrainOptions.MostAutoVectors,
    };
    private readonly NumberOption<int> count = new("--count")
    {
        HelpName = "N",
        Minimum = 0,
        Maximum = 100,
        Description = "The number of images to generate with the phrase, 0 to 100. Default: 4.",
        DefaultValueFactory = _ => 4,
    };
    private readonly Option<string> device = SharedOptions.Device();
    private readonly Option<Precision> precision = SharedOptions.Precision();
    private readonly Option<ulong?> seed = SharedOptions.Seed();
    private readonly ImageOutputOptions output = new(hasGrid: false);

    public DescribeCommand(ModelLocator models)
        : base(
            "describe",
            "Find the phrase that explains images best, as ti train --initializer auto does, and generate images "
                + "with it. Trains nothing: if these images show what you want, the words are enough."
        )
    {
        Arguments.Add(images);
        AddGroup("Most used", [model.Model, learning.Property, words, count, seed, .. learning.Search]);
        AddGroup("Model", model.Lora, model.Variant, model.Config, model.Vae, model.Prediction);
        AddGroup("Machine", device, precision, SharedOptions.Libtorch());
        AddGroup("Output", [.. output.Files, .. output.Reporting]);
        SetAction((parsed, cancellationToken) => RunAsync(parsed, models, cancellationToken));
    }

    public override string? OptionOf(string property) => learning.NameOf(property) ?? base.OptionOf(property);

    public override IReadOnlyList<string> Examples =>
        ["ti describe samples/my-cat --model demo", "ti describe samples/my-style --model demo --property style"];

    private async Task<int> RunAsync(ParseResult parsed, ModelLocator models, CancellationToken cancellationToken)
    {
        var messages = new ConsoleLog(parsed.InvocationConfiguration.Error, output.Quiet(parsed));
        var asked = Read(parsed);
        var paths = output.Paths(parsed, parsed.GetValue(count));
        if (parsed.GetValue(count) > 0)
            paths.RequireWritable();
        using var model = await TrainModel.OpenAsync(asked, concepts: 1, models, messages, cancellationToken);
        using var job = TrainingJob.Prepare(asked, model, models.LatentCache, messages, cancellationToken);
        var found = await AutoInitializer.SearchAsync(job, models, messages, cancellationToken);
        AutoInitializer.Show(found, messages);
        var written = new List<string>();
        var outcome =
            parsed.GetValue(count) > 0
                ? Generate(parsed, job, found, paths, written, messages, cancellationToken)
                : new GenerationOutcome(Problem: null);
        Print(parsed, job, found, written); // also after Ctrl-C: the search took longest
        return outcome.Problem is null ? ExitCode.Done : throw outcome.Problem;
    }

    /// <summary>The arguments of <c>ti train</c> on which the search depends.</summary>
    private TrainRequest Read(ParseResult parsed)
    {
        var options = learning.Resolve(parsed, parsed.GetValue(seed) ?? SharedOptions.DrawSeed()) with
        {
            Vectors = parsed.GetValue(words),
        };
        options.Validate();
        return new TrainRequest
        {
            Placeholder = Placeholder.New(Token, options.VectorCount),
            Images = parsed.GetValue(images)!,
            Options = options,
            Seeds = 1,
            Model = model.Read(parsed),
            Device = parsed.GetValue(device)!,
            Precision = parsed.GetValue(precision),
        };
    }

    /// <summary>Generates images with the phrase. The paths of those that were made are added to a list.</summary>
    private GenerationOutcome Generate(
        ParseResult parsed,
        TrainingJob job,
        FoundPhrase found,
        ImagePaths paths,
        List<string> written,
        ConsoleLog messages,
        CancellationToken cancellationToken
    )
    {
        var (asked, network) = (job.Request, job.Model.Network);
        var scheduler = ModelScheduler.Load(job.Model.Files, asked.Model.Prediction);
        var settings = ModelDefaults
            .Read(job.Model.Files, scheduler, network.Resolution)
            .Settings(null, null, null) with
        {
            Prompt = job.Setup.Plan.Templates[0].Replace(PromptTemplates.Slot, found.Words, StringComparison.Ordinal),
        };
        var plan = ImagePlan.OfPrompts([settings], asked.Options.Seed, parsed.GetValue(count));
        using var none = EmbeddingSet.Load([]);
        var embeddings = new PromptEmbeddings(none, [settings.Prompt], widths: [], messages.Warn);
        using var generator = new BatchGenerator(network, scheduler, embeddings);
        generator.Check(plan);
        messages.Info($"generating images of \"{settings.Prompt}\", seed {asked.Options.Seed}");
        var generation = new GenerationJob(
            asked.Model,
            job.Setup.ModelName,
            job.Model.Files,
            job.Model.Precision,
            Init: null,
            embeddings,
            plan
        );
        var writer = new GeneratedImageWriter(plan, paths, hasGrid: false, generation.Describe);
        var outcome = new GenerationRunner(generator, writer, messages).Run(plan, batch: 1, cancellationToken);
        written.AddRange(writer.Written.Select(image => image.Path));
        return outcome;
    }

    private void Print(ParseResult parsed, TrainingJob job, FoundPhrase found, IReadOnlyList<string> written)
    {
        var result = parsed.InvocationConfiguration.Output;
        if (output.Json(parsed))
        {
            result.WriteLine(JsonOutput.Serialize(new DescribeResult(job.Setup.ModelName, found, written)));
            return;
        }

        result.WriteLine(found.Words);
        foreach (var path in written)
            result.WriteLine(JsonOutput.Relative(path));
    }
}
