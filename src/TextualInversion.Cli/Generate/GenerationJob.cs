using TextualInversion.Checkpoints;
using TextualInversion.Checkpoints.Loras;
using TextualInversion.Cli.EmbeddingFiles;
using TextualInversion.Cli.ModelAccess;
using TextualInversion.Cli.Terminal;
using TextualInversion.Generation;
using TextualInversion.Schedulers;

namespace TextualInversion.Cli.Generate;

/// <summary>A generation that is ready to start.</summary>
/// <param name="Request">How the model was named.</param>
/// <param name="ModelName">The model as images record it.</param>
/// <param name="Files">The model's files.</param>
/// <param name="Precision">The data type in which the U-Net computes.</param>
/// <param name="Init">The image to start from, or null to start from noise alone.</param>
/// <param name="Embeddings">The embeddings that prompts call.</param>
/// <param name="Plan">The images to generate.</param>
internal sealed record GenerationJob(
    ModelRequest Request,
    string ModelName,
    IModelFiles Files,
    Precision Precision,
    InitImage? Init,
    PromptEmbeddings Embeddings,
    ImagePlan Plan
)
{
    /// <summary>The settings to write into an image.</summary>
    public string Describe(ImageJob job)
    {
        var arguments = job.Variation.Apply(Embeddings);
        var loras = job.Loras.Apply(Request.UsedLoras);
        var settings = ImageMetadata.Settings(Request with { Loras = loras }, ModelName, Precision, arguments, Init);
        return WebUiParameters.Format(job.Options, job.Seed, ModelName, "ti", settings);
    }

    /// <summary>Says what is about to be generated.</summary>
    /// <param name="batch">The number of images at once.</param>
    /// <param name="messages">Receives the summary.</param>
    public void LogSummary(int batch, ConsoleLog messages)
    {
        var (options, seed) = (Plan.Jobs[0].Options, Plan.Jobs[0].Seed);
        messages.Info(
            $"model {ModelName}, {Samplers.DisplayName(options.Sampler)}, {options.Width} x {options.Height}, "
                + $"seed {seed}{(batch > 1 ? $", {batch} at once" : "")}"
        );
        if (Files is ModelWithLoras { Loras: { Count: > 0 } loras })
            messages.Info(
                $"{(loras.Count == 1 ? "LoRA" : "LoRAs")}: {string.Join(", ", loras.Select(LoraArgument.Format))}"
            );
        if (Embeddings.Triggers.Count == 0)
            return;
        var used = Embeddings.Triggers.Zip(Embeddings.Set.Arguments, (name, file) => $"{name} ({file})");
        messages.Info($"{(Embeddings.Triggers.Count == 1 ? "embedding" : "embeddings")}: {string.Join(", ", used)}");
    }
}
