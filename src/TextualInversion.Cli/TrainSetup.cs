using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using TextualInversion.Cli.Commands;
using TextualInversion.Cli.Rendering;
using TextualInversion.Data;
using TextualInversion.Models;
using TextualInversion.Training;

namespace TextualInversion.Cli;

/// <summary>What a run of <c>ti train</c> is about, once everything was found and read.</summary>
internal sealed record TrainSetup
{
    public required string ModelName { get; init; }

    public required Placeholder Placeholder { get; init; }

    /// <summary>With the resolution that is the model's own.</summary>
    public required TrainOptions Options { get; init; }

    public required StartingRows Start { get; init; }

    public required IReadOnlyList<TrainingPicture> Pictures { get; init; }

    public required IReadOnlyList<string> Sentences { get; init; }

    public required PromptSource Prompts { get; init; }

    public required Precision Precision { get; init; }

    /// <summary>Reads the pictures, and warns of what may be wrong with them.</summary>
    /// <param name="request">what was asked</param>
    /// <param name="model">the model to learn on</param>
    /// <param name="start">where the rows start</param>
    /// <param name="messages">told of the warnings</param>
    /// <param name="cancellationToken">stops the reading</param>
    /// <exception cref="TextualInversionException">The vocabulary holds the placeholder, or a file is missing or cannot be used.</exception>
    public static TrainSetup Read(TrainRequest request, TrainModel model, StartingRows start, Messages messages, CancellationToken cancellationToken)
    {
        _ = new PromptTokenizers(model.Network.Tokenizers, [request.Placeholder]); // refuses what the vocabulary already holds
        var options = request.Options with { Resolution = request.Options.Resolution ?? model.Network.Resolution };
        var pictures = TrainingPictures.Load(request.Images, options.Resolution!.Value, options.Crop, cancellationToken);
        foreach (var notice in pictures.Warnings) messages.Warn(notice.ToString());
        return new TrainSetup
        {
            ModelName = model.Name,
            Placeholder = request.Placeholder,
            Options = options,
            Start = start,
            Pictures = pictures.Pictures,
            Sentences = request.Sentences,
            Prompts = new PromptSource(pictures.Pictures, request.Sentences, start.Words.Phrase, options.Captions),
            Precision = request.Precision,
        };
    }

    /// <summary>Says what is about to be learned.</summary>
    public void Introduce(Messages messages)
    {
        messages.Say($"model {ModelName}, {Pictures.Count} pictures at {Options.Resolution} x {Options.Resolution}, seed {Options.Seed}");
        var start = Start.File ?? $"\"{Start.Words.Phrase}\" ({string.Join(" ", Start.Words.Pieces)})";
        messages.Say($"{Placeholder.Name} starts from {start}, {Options.Vectors} {(Options.Vectors == 1 ? "vector" : "vectors")}");
        foreach (var (picture, prompt) in Pictures.Zip(Prompts.Descriptions(Placeholder)))
        {
            if (prompt is not null) messages.Say($"{picture.Path}: \"{prompt}\"");
        }
    }

    /// <summary>What decides what is learned, by name, for <see cref="TrainState.RequireSame"/>. The model's weights are the trainer's to compare.</summary>
    public IReadOnlyDictionary<string, string> Identity
    {
        get
        {
            var identity = new Dictionary<string, string>
            {
                ["token"] = Placeholder.Name,
                ["initializer"] = Start.File is null ? Start.Words.Phrase : $"{Start.File} (SHA-256 {Start.FileSha256})",
                ["precision"] = Precision.ToString(),
                ["templates (SHA-256)"] = Sha256(string.Join('\n', Sentences)),
            };
            foreach (var option in JsonSerializer.SerializeToElement(Options).EnumerateObject()) identity[$"option {option.Name}"] = option.Value.ToString();
            foreach (var (picture, prompt) in Pictures.Zip(Prompts.Descriptions(Placeholder)))
            {
                identity[$"{picture.Path} (SHA-256)"] = picture.Sha256;
                if (prompt is not null) identity[$"the description of {picture.Path}"] = $"\"{prompt}\"";
            }

            return identity;
        }
    }

    /// <summary>What an embedding's file says of where it comes from.</summary>
    /// <param name="weights">SHA-256 of each network's values</param>
    /// <param name="step">steps that went into it</param>
    public Dictionary<string, string> Provenance(IEnumerable<KeyValuePair<string, string>> weights, int step) => new()
    {
        ["base_model"] = ModelName,
        ["base_model_sha256"] = Sha256(string.Concat(weights.OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => pair.Value))),
        ["initializer"] = Start.File ?? Start.Words.Phrase,
        ["steps"] = step.ToString(CultureInfo.InvariantCulture),
        ["seed"] = Options.Seed.ToString(CultureInfo.InvariantCulture),
        ["software"] = $"ti {Versions.Of(typeof(TrainSetup))}",
    };

    private static string Sha256(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
}
