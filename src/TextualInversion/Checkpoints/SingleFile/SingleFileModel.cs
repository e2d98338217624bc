using System.Text.Json.Nodes;
using TextualInversion.Tensors;

namespace TextualInversion.Checkpoints.SingleFile;

/// <summary>A place where a model's tokenizer is published: a repository of the hub and a folder in it.</summary>
internal sealed record TokenizerPlace(string Repository, string Folder);

/// <summary>
/// A model in one file. Its configs come from a diffusers folder of the same architecture, or they are those of the
/// published models of its version, with the widths and depths of its tensors.
/// </summary>
internal sealed class SingleFileModel : IModelFiles
{
    private readonly LdmCheckpoint checkpoint;
    private readonly ModelFolder? config;
    private readonly IReadOnlyDictionary<string, string> tokenizers;
    private readonly Dictionary<string, string> texts = []; // inferred configs, by file name

    /// <param name="checkpoint">The file.</param>
    /// <param name="config">A folder with configs, scheduler and tokenizers.</param>
    /// <exception cref="TextualInversionException">The folder is of another family.</exception>
    public SingleFileModel(LdmCheckpoint checkpoint, ModelFolder config)
    {
        (this.checkpoint, this.config, tokenizers) = (checkpoint, config, new Dictionary<string, string>());
        if (config.Family != checkpoint.Family)
            throw new TextualInversionException(
                $"{config.Path}: is a folder of {config.Family}, but {Path} is a checkpoint of {checkpoint.Family}; "
                    + "name a folder of the same kind of model."
            );
    }

    /// <param name="checkpoint">The file.</param>
    /// <param name="tokenizers">
    /// The folders of <c>tokenizer</c> and <c>tokenizer_2</c> that were found; see <see cref="TokenizerPlaces"/>.
    /// </param>
    /// <param name="prediction">
    /// The prediction type, <c>epsilon</c> or <c>v_prediction</c>. Null: detected from the file.
    /// </param>
    /// <exception cref="TextualInversionException">The architecture cannot be inferred from the tensors.</exception>
    public SingleFileModel(
        LdmCheckpoint checkpoint,
        IReadOnlyDictionary<string, string> tokenizers,
        string? prediction = null
    )
    {
        (this.checkpoint, this.tokenizers) = (checkpoint, tokenizers);
        var published = ReferenceConfig.Of(checkpoint.Line);
        var predicts =
            prediction
            ?? PredictionTypeDetector.Detect(checkpoint.File, checkpoint.Line, () => checkpoint.Part("unet"));
        Add(PipelineIndex.FileName, new JsonObject { ["_class_name"] = published.Pipeline });
        Add(
            "scheduler/scheduler_config.json",
            published.Scheduler(predicts, checkpoint.File.Tensors.ContainsKey(PredictionTypeDetector.ZeroSnrMark))
        );
        Add(
            "unet/config.json",
            InferredConfig.UNet(checkpoint.Part("unet"), published.UNetHeads, published.SampleSize(predicts))
        );
        Add(
            "vae/config.json",
            checkpoint.HasVae
                ? InferredConfig.Vae(checkpoint.Part("vae"), published.ScalingFactor)
                : new JsonObject { ["scaling_factor"] = published.ScalingFactor }
        );
        foreach (var (part, activation) in published.Activations)
            Add($"{part}/config.json", InferredConfig.ClipText(checkpoint.Part(part), activation));
    }

    public string Path => checkpoint.FilePath;

    public ModelFamily Family => checkpoint.Family;

    /// <summary>
    /// The places where the tokenizers of a version are published, by the names of their folders, best first. All have
    /// the same vocabulary, but they pad differently.
    /// </summary>
    public static IReadOnlyDictionary<string, IReadOnlyList<TokenizerPlace>> TokenizerPlaces(ModelVersion line) =>
        ReferenceConfig.Of(line).Tokenizers;

    public T Config<T>(string part) =>
        ConfigJson.Parse<T>(ReadText($"{part}/config.json"), DisplayPath($"{part}/config.json"));

    public ITensorFile Weights(string part)
    {
        var isTextEncoder = part.StartsWith("text_encoder", StringComparison.Ordinal);
        return checkpoint.Part(
            part,
            isTextEncoder && config is not null ? config.Config<TextDepth>(part).NumHiddenLayers : null
        );
    }

    public string TokenizerFolder(string name)
    {
        if (config is not null)
            return config.TokenizerFolder(name);
        if (tokenizers.TryGetValue(name, out var folder))
            return folder;
        var places = string.Join(" or ", TokenizerPlaces(checkpoint.Line)[name].Select(place => place.Repository));
        throw new TextualInversionException(
            $"{Path}: comes without a tokenizer, and the cache has none that fits ({places}); "
                + "download one, or give a diffusers folder of the same kind of model as well."
        );
    }

    public bool Has(string file) => config?.Has(file) ?? texts.ContainsKey(file);

    public string ReadText(string file) =>
        config is not null ? config.ReadText(file)
        : texts.TryGetValue(file, out var text) ? text
        : throw new TextualInversionException($"{DisplayPath(file)}: does not exist.");

    public string DisplayPath(string file) =>
        config is not null ? config.DisplayPath(file) : $"{Path} ({file}, inferred from its tensors)";

    private void Add(string file, JsonObject content) => texts.Add(file, content.ToJsonString());

    private sealed record TextDepth(int NumHiddenLayers);
}
