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

namespace TextualInversion.Cli.Generate;

/// <summary><c>ti generate</c>: images from a prompt.</summary>
internal sealed class GenerateCommand : CommandBase
{
    private readonly PromptOptions words = new();
    private readonly ModelOptions model = new();
    private readonly PlanOptions plans = new();
    private readonly ImageOptions images = new();
    private readonly GenerationMachineOptions machine = new();
    private readonly ImageOutputOptions output = new();

    public GenerateCommand(ModelLocator models)
        : base(
            "generate",
            "Draws images from a prompt, with learned words in it. The settings are inside each image, where the WebUI reads them."
        )
    {
        AddGroup("Most used", [.. words.MostUsed, model.Model, .. plans.MostUsed, .. images.MostUsed]);
        AddGroup("Advanced prompting", [.. words.Advanced, .. images.ImageToImage, .. plans.Axes, .. images.Advanced]);
        AddGroup("Model", model.Variant, model.Config, model.Vae, model.Prediction);
        AddGroup("Machine", machine.All);
        AddGroup("Output", [.. output.Files, plans.Grid, .. output.Reporting]);
        words.Require(this);
        SetAction((parsed, cancellationToken) => RunAsync(parsed, models, cancellationToken));
    }

    public override IReadOnlyList<string> Examples =>
        [
            "ti generate --model demo --prompt \"a painting of <my-cat> on a beach\" --count 4 --grid",
            "ti generate --model demo --prompt \"a photo of a (red:1.3) cat\" --sampler \"dpm++ 2m karras\" --steps 20 --grid-x seed=1..3 --grid-y guidance=2,4,8",
        ];

    private async Task<int> RunAsync(ParseResult parsed, ModelLocator models, CancellationToken cancellationToken)
    {
        var messages = new ConsoleLog(parsed.InvocationConfiguration.Error, output.Quiet(parsed));
        plans.Validate(parsed);
        machine.Validate(parsed);
        var wanted = words.Read(parsed);
        var init = images.ReadInit(parsed, wanted.Recorded, messages);
        var firstSeed = plans.FirstSeed(parsed, wanted.Recorded);
        using var found = words.FindEmbeddings(parsed, wanted, messages);

        var request = wanted.Recorded?.Complete(model.Read(parsed)) ?? model.Read(parsed);
        var (modelName, files) = await models.FindAsync(
            request,
            PromptEmbeddings.BaseModel(found, wanted.All),
            messages,
            cancellationToken
        );
        var scheduler = ModelScheduler.Load(files, ModelOptions.Forced(request));
        var precision = machine.Precision(parsed, wanted.Recorded);
        using var network = machine.Open(parsed, files, precision);
        var widths = network.Vocabularies.Select(vocabulary => vocabulary.shape[1]).ToList();
        var embeddings = new PromptEmbeddings(found, wanted.All, widths, messages.Warn);
        using var generator = new BatchGenerator(network, scheduler, embeddings);
        var options = images.Resolve(
            parsed,
            wanted.Recorded,
            new ModelDefaults(GenerationDefaults.Read(files), scheduler, network.Resolution),
            init?.Image
        ) with
        {
            Negative = wanted.Negative,
        };
        var plan = plans.Make(parsed, [.. wanted.Texts.Select(text => options with { Prompt = text })], firstSeed);
        var hasSheet = plans.HasSheet(parsed);
        var paths = output.Paths(parsed, hasSheet ? 1 : plan.Jobs.Count);
        generator.Check(plan);
        paths.RequireWritable();
        var batch = new BatchMemoryProbe(
            files,
            network.Device,
            precision,
            MemoryBudget.FreeBytes(network.Device)
        ).Batch(plan, machine.Batch(parsed), messages);
        messages.Info(
            $"model {modelName}, {Samplers.DisplayName(options.Sampler)}, {options.Width} x {options.Height}, "
                + $"seed {firstSeed}{(batch > 1 ? $", {batch} at once" : "")}"
        );

        if (embeddings.Triggers.Count > 0)
            messages.Info(
                "embeddings: "
                    + string.Join(
                        ", ",
                        embeddings.Triggers.Zip(embeddings.Set.Arguments, (name, file) => $"{name} ({file})")
                    )
            );

        var album = new GeneratedImageWriter(
            plan,
            paths,
            hasSheet,
            job =>
                WebUiParameters.Format(
                    job.Options,
                    job.Seed,
                    Path.GetFileName(modelName.TrimEnd('/')),
                    "ti",
                    ImageMetadata.Settings(request, modelName, precision, job.Variation.Apply(embeddings), init)
                )
        );
        var clock = Stopwatch.StartNew();
        var end = Painting.Run(generator, plan, batch, album, messages, cancellationToken);
        if (end is null or OperationCanceledException)
            album.Finish(messages);
        new ImageResult(
            album,
            modelName,
            [.. embeddings.Set.Embeddings.Select(embedding => embedding.Trigger)],
            clock.Elapsed.TotalSeconds
        ).Write(parsed.InvocationConfiguration.Output, output.Json(parsed));
        return end is null ? 0 : throw end;
    }
}
