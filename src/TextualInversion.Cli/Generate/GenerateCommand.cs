using System.CommandLine;
using System.Diagnostics;
using TextualInversion.Cli.EmbeddingFiles;
using TextualInversion.Cli.Generate.Options;
using TextualInversion.Cli.Infrastructure;
using TextualInversion.Cli.ModelAccess;
using TextualInversion.Cli.Terminal;
using TextualInversion.Generation;
using TextualInversion.Models;
using TextualInversion.Native;
using static TorchSharp.torch;

namespace TextualInversion.Cli.Generate;

/// <summary><c>ti generate</c>: images from a prompt.</summary>
internal sealed class GenerateCommand : CommandBase
{
    private readonly PromptOptions prompts = new();
    private readonly ModelOptions model = new(ModelOptions.RecordedModel);
    private readonly PlanOptions plans = new();
    private readonly ImageOptions images = new();
    private readonly GenerationMachineOptions machine = new();
    private readonly ImageOutputOptions output = new(hasGrid: true);

    public GenerateCommand(ModelLocator models)
        : base(
            "generate",
            "Generate images from a prompt, which may use embeddings. Each image contains its settings, in the "
                + "WebUI's format."
        )
    {
        AddGroup("Most used", [.. prompts.MostUsed, model.Model, .. plans.MostUsed, .. images.MostUsed]);
        AddGroup(
            "Advanced prompting",
            [.. prompts.Advanced, .. images.ImageToImage, .. plans.Axes, .. images.Advanced]
        );
        AddGroup("Model", model.Lora, model.Variant, model.Config, model.Vae, model.Prediction);
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
        machine.Validate(parsed);
        var wanted = prompts.Read(parsed);
        var init = images.ReadInit(parsed, wanted.Recorded, messages);
        var (device, precision) = machine.Resolve(parsed, wanted.Recorded);
        var request = wanted.Recorded?.Complete(model.Read(parsed)) ?? model.Read(parsed);
        using var found = prompts.FindEmbeddings(parsed, wanted, request.UsedLoras, messages);

        var baseModel = PromptEmbeddings.BaseModel(found, wanted.All);
        var check = new PromptCheck(wanted.Texts, wanted.Negative, found, messages);
        check.Run(
            await models.FindOwnTokensAsync(request, baseModel, check.Unanswered, cancellationToken),
            prompts.AllowsUnknown(parsed)
        );
        var (modelName, plain) = await models.FindAsync(request, baseModel, messages, cancellationToken);
        if (wanted.Recorded?.NotTakenOver(modelName) is { } dropped)
            messages.Warn(dropped);
        var loras = PromptLoras.For(plain, wanted.Texts, request.UsedLoras, plans.ComparedLoras(parsed));
        var scheduler = ModelScheduler.Load(loras.Files, request.Prediction);
        using var network = Open(loras, device, precision);
        var widths = network.Vocabularies.Select(vocabulary => vocabulary.shape[1]).ToList();
        var embeddings = new PromptEmbeddings(found, wanted.All, widths, messages.Warn);
        var defaults = ModelDefaults.Read(loras.Files, scheduler, network.Resolution);
        var plan = MakePlan(
            parsed,
            wanted,
            defaults,
            init,
            hasEmbeddings: embeddings.Triggers.Count > 0,
            hasLoras: request.UsedLoras.Count > 0
        );
        using var generator = new BatchGenerator(network, scheduler, embeddings, loras);
        generator.Check(plan);
        WarnOfWhatIsMissing(wanted, plan, embeddings, loras, messages);
        var job = new GenerationJob(request, modelName, loras.Files, precision, init, embeddings, plan);
        return Generate(parsed, job, generator, network, messages, cancellationToken);
    }

    /// <summary>
    /// Opens the model, its U-Net's weights in the half precision of the file: a third less memory for a few percent of
    /// the time. LoRAs change weights in float32.
    /// </summary>
    private static IDiffusionModel Open(PromptLoras loras, Device device, Precision precision)
    {
        var network = ModelLoader.Open(loras.Files, device, precision);
        network.Latents.KeepsHalf = !loras.Any;
        return network;
    }

    private static void WarnOfWhatIsMissing(
        PromptRequest request,
        ImagePlan plan,
        PromptEmbeddings embeddings,
        PromptLoras loras,
        ConsoleLog messages
    )
    {
        if (!string.IsNullOrWhiteSpace(request.Negative) && plan.Jobs.All(job => job.Options.Guidance <= 1))
            messages.Warn("the negative prompt has no effect without guidance; choose a --guidance above 1.");
        var used = plan.Jobs.SelectMany(job => loras.Of(job.Options.Prompt, job.Loras)).ToList();
        foreach (var embedding in embeddings.Set.Embeddings)
        {
            var wanted = EmbeddingProvenance.FromMetadata(embedding.Provenance).Loras;
            if (LoraArgument.Missing(embedding.Trigger, wanted, used) is { } warning)
                messages.Warn(warning);
        }
    }

    private ImagePlan MakePlan(
        ParseResult parsed,
        PromptRequest wanted,
        ModelDefaults defaults,
        InitImage? init,
        bool hasEmbeddings,
        bool hasLoras
    )
    {
        var settings = images.Resolve(parsed, wanted.Recorded, defaults, init?.Image) with
        {
            Negative = wanted.Negative,
        };
        return plans.Make(
            parsed,
            [.. wanted.Texts.Select(text => settings with { Prompt = text })],
            plans.FirstSeed(parsed, wanted.Recorded),
            hasEmbeddings,
            hasLoras
        );
    }

    private int Generate(
        ParseResult parsed,
        GenerationJob job,
        BatchGenerator generator,
        IDiffusionModel network,
        ConsoleLog messages,
        CancellationToken cancellationToken
    )
    {
        var hasGrid = plans.HasGrid(parsed);
        var paths = output.Paths(parsed, hasGrid ? 1 : job.Plan.Jobs.Count);
        paths.RequireWritable();
        var memory = new GenerationMemory(job.Files, network.Type, network.Latents.KeepsHalf);
        var probe = new BatchMemoryProbe(memory, network.Device, MemoryBudget.Of(network.Device));
        var batch = probe.Batch(job.Plan, machine.Batch(parsed), messages);
        job.LogSummary(batch, messages);

        var writer = new GeneratedImageWriter(job.Plan, paths, hasGrid, job.Describe);
        var clock = Stopwatch.StartNew();
        var outcome = new GenerationRunner(generator, writer, messages).Run(job.Plan, batch, cancellationToken);
        if (outcome.IsWanted)
            writer.Finish();
        var triggers = job.Embeddings.Set.Embeddings.Select(embedding => embedding.Trigger).ToList();
        new ImageResult(writer, job.ModelName, triggers, clock.Elapsed.TotalSeconds).Write(
            parsed.InvocationConfiguration.Output,
            output.Json(parsed)
        );
        return outcome.Problem is null ? ExitCode.Done : throw outcome.Problem;
    }
}
