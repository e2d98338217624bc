using System.CommandLine;
using System.Diagnostics;
using TextualInversion.Cli.EmbeddingFiles;
using TextualInversion.Cli.Generate.Options;
using TextualInversion.Cli.Infrastructure;
using TextualInversion.Cli.ModelAccess;
using TextualInversion.Cli.Terminal;
using TextualInversion.Generation;
using TextualInversion.Models;
using TextualInversion.Schedulers;
using TextualInversion.Training.Estimates;

namespace TextualInversion.Cli.Generate;

/// <summary><c>ti generate</c>: images from a prompt.</summary>
internal sealed class GenerateCommand : CommandBase
{
    private readonly PromptOptions prompts = new();
    private readonly ModelOptions model = new();
    private readonly PlanOptions plans = new();
    private readonly ImageOptions images = new();
    private readonly GenerationMachineOptions machine = new();
    private readonly ImageOutputOptions output = new();

    public GenerateCommand(ModelLocator models)
        : base(
            "generate",
            "Generate images from a prompt that may call embeddings. The settings are written into each image, "
                + "as the WebUI reads them."
        )
    {
        AddGroup("Most used", [.. prompts.MostUsed, model.Model, .. plans.MostUsed, .. images.MostUsed]);
        AddGroup(
            "Advanced prompting",
            [.. prompts.Advanced, .. images.ImageToImage, .. plans.Axes, .. images.Advanced]
        );
        AddGroup("Model", model.Variant, model.Config, model.Vae, model.Prediction);
        AddGroup("Machine", machine.All);
        AddGroup("Output", [.. output.Files, plans.Grid, .. output.Reporting]);
        prompts.Require(this);
        SetAction((parsed, cancellationToken) => RunAsync(parsed, models, cancellationToken));
    }

    public override IReadOnlyList<string> Examples =>
        [
            "ti generate --model demo --prompt \"a painting of <my-cat> on a beach\" --count 4 --grid",
            "ti generate --model demo --prompt \"a photo of a (red:1.3) cat\" --sampler \"dpm++ 2m karras\" --steps 20 "
                + "--grid-x seed=1..3 --grid-y guidance=2,4,8",
        ];

    private async Task<int> RunAsync(ParseResult parsed, ModelLocator models, CancellationToken cancellationToken)
    {
        // Everything that can be refused is refused before a model is downloaded or loaded.
        var messages = new ConsoleLog(parsed.InvocationConfiguration.Error, output.Quiet(parsed));
        plans.Validate(parsed);
        machine.Validate(parsed);
        var wanted = prompts.Read(parsed);
        var init = images.ReadInit(parsed, wanted.Recorded, messages);
        using var found = prompts.FindEmbeddings(parsed, wanted, messages);

        var request = wanted.Recorded?.Complete(model.Read(parsed)) ?? model.Read(parsed);
        var baseModel = PromptEmbeddings.BaseModel(found, wanted.All);
        var (modelName, files) = await models.FindAsync(request, baseModel, messages, cancellationToken);
        if (wanted.Recorded?.NotTakenOver(modelName) is { } dropped)
            messages.Warn(dropped);
        var scheduler = ModelScheduler.Load(files, request.Prediction);
        var precision = machine.Precision(parsed, wanted.Recorded);
        using var network = machine.Open(parsed, files, precision);
        var widths = network.Vocabularies.Select(vocabulary => vocabulary.shape[1]).ToList();
        var embeddings = new PromptEmbeddings(found, wanted.All, widths, messages.Warn);
        var defaults = ModelDefaults.Read(files, scheduler, network.Resolution);
        var options = images.Resolve(parsed, wanted.Recorded, defaults, init?.Image) with
        {
            Negative = wanted.Negative,
        };
        var plan = plans.Make(
            parsed,
            [.. wanted.Texts.Select(text => options with { Prompt = text })],
            plans.FirstSeed(parsed, wanted.Recorded),
            hasEmbeddings: embeddings.Triggers.Count > 0
        );

        using var generator = new BatchGenerator(network, scheduler, embeddings);
        generator.Check(plan);
        var hasGrid = plans.HasGrid(parsed);
        var paths = output.Paths(parsed, hasGrid ? 1 : plan.Jobs.Count);
        paths.RequireWritable();
        var memory = new BatchMemoryProbe(files, network.Device, precision, MemoryBudget.FreeBytes(network.Device));
        var batch = memory.Batch(plan, machine.Batch(parsed), messages);
        LogSummary(messages, modelName, plan, batch, embeddings);

        var writer = new GeneratedImageWriter(plan, paths, hasGrid, Describe);
        var clock = Stopwatch.StartNew();
        var outcome = new GenerationRunner(generator, writer, messages).Run(plan, batch, cancellationToken);
        if (outcome.IsWanted)
            writer.Finish();
        var triggers = embeddings.Set.Embeddings.Select(embedding => embedding.Trigger).ToList();
        new ImageResult(writer, modelName, triggers, clock.Elapsed.TotalSeconds).Write(
            parsed.InvocationConfiguration.Output,
            output.Json(parsed)
        );
        return outcome.Problem is null ? 0 : throw outcome.Problem;

        string Describe(ImageJob job)
        {
            var arguments = job.Variation.Apply(embeddings);
            var settings = ImageMetadata.Settings(request, modelName, precision, arguments, init);
            return WebUiParameters.Format(job.Options, job.Seed, modelName, "ti", settings);
        }
    }

    private static void LogSummary(
        ConsoleLog messages,
        string modelName,
        ImagePlan plan,
        int batch,
        PromptEmbeddings embeddings
    )
    {
        var (options, seed) = (plan.Jobs[0].Options, plan.Jobs[0].Seed);
        messages.Info(
            $"model {modelName}, {Samplers.DisplayName(options.Sampler)}, {options.Width} x {options.Height}, "
                + $"seed {seed}{(batch > 1 ? $", {batch} at once" : "")}"
        );
        if (embeddings.Triggers.Count > 0)
        {
            var used = embeddings.Triggers.Zip(embeddings.Set.Arguments, (name, file) => $"{name} ({file})");
            messages.Info(
                $"{(embeddings.Triggers.Count == 1 ? "embedding" : "embeddings")}: {string.Join(", ", used)}"
            );
        }
    }
}
