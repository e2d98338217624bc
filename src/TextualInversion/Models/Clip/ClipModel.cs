using TextualInversion.Checkpoints;
using TextualInversion.Models.Tokenizers;
using TextualInversion.Native;
using TextualInversion.Tensors;
using static TorchSharp.torch;

namespace TextualInversion.Models.Clip;

/// <summary>
/// A CLIP (Radford et al. 2021) in a folder of transformers' layout: <c>config.json</c>, <c>model.safetensors</c> and a
/// tokenizer's files. It embeds images and texts in one space, where they can be compared.
/// </summary>
internal sealed class ClipModel : IDisposable
{
    /// <summary>The names of the weights, in the order of preference.</summary>
    public static readonly IReadOnlyList<string> WeightsFiles = ["model.safetensors", "pytorch_model.bin"];

    public const string ConfigFile = "config.json";

    private readonly ClipVisionTransformer vision;
    private readonly ClipTextEncoder text;
    private readonly PromptTokenizer tokenizer;
    private readonly Device device;

    /// <exception cref="TextualInversionException">A file is missing, truncated or of another model.</exception>
    public ClipModel(string folder, Device device)
    {
        this.device = device;
        var configPath = Path.Combine(folder, ConfigFile);
        if (!File.Exists(configPath))
            throw new TextualInversionException(
                $"{folder}: has no {ConfigFile}; name the folder of a CLIP, with its config.json, weights and "
                    + $"tokenizer."
            );
        var config = ConfigJson.Parse<ClipConfig>(ConfigJson.ReadText(configPath), configPath);
        if (config.VisionConfig is null || config.TextConfig is null)
        {
            var missing = config.VisionConfig is null ? "vision_config" : "text_config";
            throw new TextualInversionException(
                $"{configPath}: has no {missing}; a whole CLIP is needed, such as openai/clip-vit-large-patch14."
            );
        }

        ImageSize = config.VisionConfig.ImageSize;
        EmbeddingLength = config.ProjectionDim;
        var file = OpenWeights(folder);
        config.RequireFit(new ConfigCheck(configPath), file);
        var clipTokenizer = ClipTokenizer.Load(folder);
        clipTokenizer.RequireFit(config.TextConfig.VocabSize, config.TextConfig.MaxPositionEmbeddings);
        tokenizer = new PromptTokenizer(clipTokenizer, []);
        // Both encoders are in one file; the remaining tensors are used in training only.
        vision = new ClipVisionTransformer(
            config.VisionConfig,
            Part(
                file,
                key =>
                    key.StartsWith("vision_model.", StringComparison.Ordinal)
                    || key.StartsWith("visual_projection.", StringComparison.Ordinal)
            ),
            device,
            config.ProjectionDim
        );
        text = new ClipTextEncoder(
            config.TextConfig with
            {
                ProjectionDim = config.ProjectionDim,
            },
            Part(
                file,
                key =>
                    key.StartsWith("text_model.", StringComparison.Ordinal)
                    || key.StartsWith("text_projection.", StringComparison.Ordinal)
            ),
            device,
            hasProjection: true
        );
        RequireNothingElse(file);
    }

    /// <summary>The height and width of its images, in pixels.</summary>
    public int ImageSize { get; }

    /// <summary>The length P of its embeddings.</summary>
    public int EmbeddingLength { get; }

    /// <param name="pixels">(B, 3, S, S), normalized.</param>
    /// <returns>(B, P), each of length 1.</returns>
    public Tensor EmbedImages(Tensor pixels)
    {
        using var scope = NewDisposeScope();
        return UnitLength(vision.Forward(pixels.to(device))).MoveToOuterDisposeScope();
    }

    /// <returns>(B, P), each of length 1.</returns>
    public Tensor EmbedTexts(IReadOnlyList<string> texts)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var tokens = tokenizer.Tokenize(texts);
        // A causal encoder's output at the end of the text does not depend on what follows.
        var ids = tensor(tokens.Ids).narrow(1, 0, tokens.EndOfTextPositions.Max() + 1); // (B, S)
        var states = text.Forward(ids, rows: null, text.TokenEmbedding.shape[0]).Last; // (B, S, d)
        return UnitLength(text.Project(ClipTextEncoder.Pool(states, tensor(tokens.EndOfTextPositions, device: device))))
            .MoveToOuterDisposeScope();
    }

    /// <summary>SHA-256 over both networks' values.</summary>
    public string Hash() => vision.Hash() + text.Hash();

    public void Dispose()
    {
        vision.Dispose();
        text.Dispose();
    }

    private static Tensor UnitLength(Tensor embeddings) =>
        embeddings / embeddings.Squared().sum(-1, keepdim: true).sqrt();

    private static ITensorFile OpenWeights(string folder)
    {
        var path =
            WeightsFiles.Select(name => Path.Combine(folder, name)).FirstOrDefault(File.Exists)
            ?? throw new TextualInversionException(
                $"{Path.Combine(folder, WeightsFiles[0])}: is missing; the CLIP's folder is incomplete."
            );
        return TensorFile.Open(path);
    }

    private static RenamedTensors Part(ITensorFile file, Func<string, bool> belongs) =>
        new(
            file,
            file.Tensors.Where(tensor => belongs(tensor.Key))
                .Select(tensor => (tensor.Key, new TensorSource(tensor.Key, tensor.Value.Shape)))
        );

    private static void RequireNothingElse(ITensorFile file)
    {
        string[] known = ["vision_model.", "visual_projection.", "text_model.", "text_projection.", "logit_scale"];
        if (
            file
                .Tensors.Keys.Order(StringComparer.Ordinal)
                .FirstOrDefault(key => !known.Any(start => key.StartsWith(start, StringComparison.Ordinal))) is
            { } stranger
        )
            throw new TextualInversionException(
                $"{file.FilePath}: holds {stranger}, which is not part of a CLIP; name the folder of a CLIP."
            );
    }
}
