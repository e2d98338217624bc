using System.CommandLine;
using System.Globalization;
using TextualInversion.Cli.EmbeddingFiles;
using TextualInversion.Cli.Infrastructure;
using TextualInversion.Cli.ModelAccess;
using TextualInversion.Cli.Terminal;
using TextualInversion.Cli.Train;
using TextualInversion.Embeddings;
using TextualInversion.IO;
using TextualInversion.Models.Tokenizers;
using TextualInversion.Training.Translation;

namespace TextualInversion.Cli.Translate;

/// <summary><c>ti translate</c>: an embedding of one kind of model for another.</summary>
internal sealed class TranslateCommand : CommandBase
{
    private readonly Argument<string> file = EmbeddingArguments.One();
    private readonly PathOption fromModel = new("--from-model")
    {
        HelpName = "FOLDER|FILE|ID|demo",
        Description =
            "The model that the embedding was trained on. Only its text encoders are read. Default: the one that the "
            + "embedding records.",
    };
    private readonly PathOption toModel = new("--to-model")
    {
        HelpName = "FOLDER|FILE|ID|demo",
        Description =
            "The model that the new embedding is for. Only its text encoders are read; all of it with --images.",
        Required = true,
    };
    private readonly PathOption output = new("--output")
    {
        HelpName = "FILE",
        Description = "The embedding file to write, in the diffusers layout, or the sdxl layout for two text encoders.",
        Required = true,
    };
    private readonly NameOption token = new("--token")
    {
        HelpName = "NAME",
        Description =
            "The placeholder token of the new embedding. Default: that of the given one; a prompt takes the one that "
            + "fits the model.",
    };
    private readonly StepOptions steps = new();
    private readonly Option<bool> overwrite = SharedOptions.Overwrite();
    private readonly Option<bool> json = SharedOptions.Json();

    public TranslateCommand(ModelLocator models)
        : base(
            "translate",
            "Carry an embedding over to another kind of model, such as from Stable Diffusion 1 to XL and back. Rows "
                + "for a text encoder that both models have are copied; the others come from a linear map between the "
                + "models' vocabularies. With --images, a few training steps follow."
        )
    {
        Arguments.Add(file);
        RefuseOptionsAmong(steps.Images);
        AddGroup("Most used", fromModel, toModel, output, token);
        AddGroup("Steps on images", steps.All);
        AddGroup("Output", overwrite, json);
        SetAction((parsed, cancellationToken) => RunAsync(parsed, models, cancellationToken));
    }

    public override IReadOnlyList<string> Examples =>
        [
            "ti translate embeddings/my-cat.safetensors --to-model stabilityai/stable-diffusion-xl-base-1.0 --output "
                + "embeddings/my-cat-xl.safetensors",
            "ti translate embeddings/my-cat.safetensors --to-model stabilityai/stable-diffusion-xl-base-1.0 --images "
                + "samples/my-cat --steps 100 --output embeddings/my-cat-xl.safetensors",
        ];

    public override string? OptionOf(string property) => steps.NameOf(property) ?? base.OptionOf(property);

    private async Task<int> RunAsync(ParseResult parsed, ModelLocator models, CancellationToken cancellationToken)
    {
        var messages = new ConsoleLog(parsed.InvocationConfiguration.Error, quiet: false);
        var trains = steps.Check(parsed);
        var path = parsed.GetValue(output)!;
        OutputFile.RefuseToReplace(path, parsed.GetValue(overwrite), output.Name);
        if (trains)
            AtomicFile.RequireWritable(Path.GetDirectoryName(Path.GetFullPath(path))!);
        var source = parsed.GetValue(file)!;
        using var given = EmbeddingFile.Read(source);
        var hash = trains ? Sha256.OfFile(source) : "";
        var (translated, result) = await TranslateAsync(parsed, given, models, messages, cancellationToken);
        using var embedding = translated.Embedding;
        WarnOfLoras(given, translated.LostLoras, trains, result.FromModel, messages);
        if (!trains)
        {
            Write(parsed, path, embedding);
            Print(parsed, result, messages);
            return ExitCode.Done;
        }

        var request = steps.Read(
            parsed,
            Placeholder.Parse(result.Token, result.Vectors),
            new ModelRequest(parsed.GetValue(toModel)),
            new GivenRows(embedding.Rows, source, hash)
        ) with
        {
            IsNegative = ModelSpec.IsNegative(given.Provenance),
        };
        return await TrainAsync(parsed, request, (embedding, result), models, messages, cancellationToken);
    }

    /// <summary>Translates, with the text encoders alone, which are closed again.</summary>
    private async Task<(TranslatedFile Translated, Result Result)> TranslateAsync(
        ParseResult parsed,
        LearnedEmbedding given,
        ModelLocator models,
        ConsoleLog messages,
        CancellationToken cancellationToken
    )
    {
        var recorded = EmbeddingProvenance.FromMetadata(given.Provenance).BaseModel;
        if (parsed.GetValue(fromModel) is null && recorded is null)
            throw new UsageException(
                $"{fromModel.Name}: {given.Trigger} does not record the model that it was trained on; name it."
            );
        var from = new ModelRequest(parsed.GetValue(fromModel));
        var (fromName, fromFiles) = await models.FindAsync(from, recorded, messages, cancellationToken, fromModel.Name);
        var to = new ModelRequest(parsed.GetValue(toModel));
        var (toName, toFiles) = await models.FindAsync(to, null, messages, cancellationToken, toModel.Name);
        using var translator = new EmbeddingTranslator((fromName, fromFiles), (toName, toFiles));
        var path = parsed.GetValue(output)!;
        LayoutExtension.Require(output.Name, path, EmbeddingFormats.Default(translator.Encoders));
        var placeholder = UsageException.Read(
            token.Name,
            () => Placeholder.Parse(parsed.GetValue(token) ?? given.Trigger, given.Vectors)
        );
        var translated = translator.Translate(given, placeholder, Versions.Software);
        return (translated, new Result(path, placeholder.Name, given.Vectors, fromName, toName, translated.Encoders));
    }

    /// <summary>Trains the translated vectors on images, and writes the best; if canceled, the best so far.</summary>
    private async Task<int> TrainAsync(
        ParseResult parsed,
        TrainRequest request,
        (LearnedEmbedding Embedding, Result Result) translation,
        ModelLocator models,
        ConsoleLog messages,
        CancellationToken cancellationToken
    )
    {
        var (translated, result) = translation;
        try
        {
            var (best, taken) = await TranslationSteps.RunAsync(
                request,
                translated,
                models,
                messages,
                cancellationToken
            );
            using var written = best;
            Write(parsed, result.Path, written);
            Print(parsed, result with { Training = taken }, messages);
            TranslationSteps.Report(taken, messages);
            return taken.End == TrainingEnd.Cancelled ? ExitCode.Cancelled : ExitCode.Done;
        }
        catch (OperationCanceledException)
        {
            Write(parsed, result.Path, translated);
            Print(parsed, result, messages);
            messages.Info("canceled before the first step; the translation was saved");
            return ExitCode.Cancelled;
        }
    }

    /// <summary>Says that a LoRA of one kind of model is none of another kind, and so is not recorded.</summary>
    private static void WarnOfLoras(
        LearnedEmbedding given,
        IReadOnlyList<Lora> lost,
        bool trains,
        string model,
        ConsoleLog messages
    )
    {
        var known = EmbeddingProvenance.FromMetadata(given.Provenance).Loras;
        if (trains && known.Count > 0)
            messages.Warn(
                $"{given.Trigger} was trained together with {Names(known)}; the steps on the images are without, and "
                    + "the new embedding does not record it."
            );
        else if (lost.Count > 0)
            messages.Warn(
                $"{given.Trigger} was trained together with {Names(lost)}, for the kind of model of {model}; the new "
                    + "embedding does not record it, and may do less without."
            );

        static string Names(IReadOnlyList<Lora> loras) => string.Join(", ", loras.Select(LoraArgument.Format));
    }

    private void Write(ParseResult parsed, string path, LearnedEmbedding embedding)
    {
        var mayReplace = parsed.GetValue(overwrite);
        OutputFile.Write(path, mayReplace, output.Name, () => EmbeddingFile.Write(path, embedding, mayReplace));
    }

    private void Print(ParseResult parsed, Result result, ConsoleLog messages)
    {
        var writer = parsed.InvocationConfiguration.Output;
        if (parsed.GetValue(json))
            writer.WriteLine(JsonOutput.Serialize(result with { Path = Path.GetFullPath(result.Path) }));
        else
        {
            writer.WriteLine(JsonOutput.Relative(result.Path));
            foreach (var (number, encoder) in result.TextEncoders.Index())
                writer.WriteLine($"text encoder {number + 1}: {Describe(encoder)}");
        }

        if (
            result.Training is null
            && result.TextEncoders.Any(encoder =>
                encoder.Quality is { } quality && quality.Cosine <= quality.NearestWordCosine
            )
        )
            messages.Warn("the map is no better than the nearest word; the embedding will do little of what it did.");
        if (result.Training is null)
            messages.Info($"a few steps on the images make it better: add {steps.Images.Name} FOLDER");
    }

    private static string Describe(EncoderTranslation encoder) =>
        encoder.CopiedFrom is { } number
            ? $"copied from text encoder {number + 1}, which has the same vocabulary"
            : string.Create(
                CultureInfo.InvariantCulture,
                $"mapped, by {encoder.Tokens} common tokens; on {encoder.Quality!.Tokens} tokens that were held out "
                    + $"the cosine to the true row is {encoder.Quality.Cosine:0.000}, of the nearest word "
                    + $"{encoder.Quality.NearestWordCosine:0.000}"
            );

    /// <summary>The result.</summary>
    private sealed record Result(
        string Path,
        string Token,
        int Vectors,
        string FromModel,
        string ToModel,
        IReadOnlyList<EncoderTranslation> TextEncoders
    )
    {
        /// <summary>The steps on images, or null if there were none.</summary>
        public StepsTaken? Training { get; init; }
    }
}
