using TextualInversion.Checkpoints;
using TextualInversion.Embeddings;
using TextualInversion.Generation;
using TextualInversion.Models;
using TextualInversion.Models.Autoencoders;
using TextualInversion.Models.Tokenizers;
using TextualInversion.Models.Unets;
using TextualInversion.Training.Translation;
using static TorchSharp.torch;

namespace TextualInversion;

/// <summary>An embedding for another model, as a file holds it.</summary>
/// <param name="Embedding">The embedding.</param>
/// <param name="Encoders">Where the rows of each text encoder come from.</param>
/// <param name="LostLoras">
/// The LoRAs that it was trained with and that are of no use to the other model, so that it does not name them.
/// </param>
internal sealed record TranslatedFile(
    LearnedEmbedding Embedding,
    IReadOnlyList<EncoderTranslation> Encoders,
    IReadOnlyList<Lora> LostLoras
);

/// <summary>Carries embeddings from one model to another. Only the models' text encoders are read.</summary>
internal sealed class EmbeddingTranslator : IDisposable
{
    private const string OriginKey = "translated_from",
        OriginModelKey = "translated_from_model";

    private readonly (string Name, IModelFiles Files) from,
        to;
    private readonly IReadOnlyList<Vocabulary> source,
        target;

    /// <param name="from">The model that embeddings were trained on: its name and files.</param>
    /// <param name="to">The other model.</param>
    /// <exception cref="TextualInversionException">A file is missing, truncated or of another model.</exception>
    public EmbeddingTranslator((string Name, IModelFiles Files) from, (string Name, IModelFiles Files) to)
    {
        (this.from, this.to) = (from, to);
        source = Vocabulary.Open(from.Files);
        target = Vocabulary.Open(to.Files);
    }

    /// <summary>Of an embedding's metadata, what says that it was translated, and from where.</summary>
    public static IEnumerable<KeyValuePair<string, string>> Origin(IReadOnlyDictionary<string, string> metadata) =>
        metadata.Where(pair => pair.Key is OriginKey or OriginModelKey);

    /// <summary>The number of text encoders of the other model.</summary>
    public int Encoders => target.Count;

    /// <summary>Translates an embedding.</summary>
    /// <param name="given">The embedding.</param>
    /// <param name="placeholder">The token of the new one.</param>
    /// <param name="software">The program and its version, for the metadata.</param>
    /// <exception cref="TextualInversionException">
    /// The embedding is for another kind of model, the models have too few tokens in common, or the other model's
    /// vocabulary holds the token.
    /// </exception>
    public TranslatedFile Translate(LearnedEmbedding given, Placeholder placeholder, string software)
    {
        var known = EmbeddingProvenance.FromMetadata(given.Provenance);
        EmbeddingWidths.Require(given.Trigger, given.Widths, Widths(source), known.BaseModel);
        _ = new PromptTokenizers([.. target.Select(each => each.Tokenizer)], [placeholder]); // refuses it if taken
        var translated = EmbeddingTranslation.Translate(given.Rows, source, target);
        // A LoRA fits models of the same architecture.
        var keepsLoras = from.Files.Family == to.Files.Family && Widths(source).SequenceEqual(Widths(target));
        var provenance = new EmbeddingProvenance
        {
            BaseModel = to.Name,
            Initializer = known.Initializer,
            Software = software,
            Loras = keepsLoras ? known.Loras : [],
            LoraSha256 = keepsLoras ? known.LoraSha256 : new Dictionary<string, string>(),
            Others = Others(given, placeholder.Name, translated.Rows),
        };
        return new TranslatedFile(
            new LearnedEmbedding(placeholder.Name, translated.Rows, provenance.ToMetadata()),
            translated.Encoders,
            keepsLoras ? [] : known.Loras
        );
    }

    public void Dispose()
    {
        foreach (var each in source.Concat(target))
            each.Dispose();
    }

    private Dictionary<string, string> Others(LearnedEmbedding given, string trigger, IReadOnlyList<Tensor> rows)
    {
        var (unet, vae) = (to.Files.Config<UNetConfig>("unet"), to.Files.Config<VaeConfig>("vae"));
        var others = ModelSpec.Of(
            trigger,
            EmbeddingNames.FileStem(trigger),
            rows,
            unet.SampleSize * vae.PixelsPerCell,
            ModelScheduler.Load(to.Files, null).PredictionType,
            ModelSpec.IsNegative(given.Provenance)
        );
        others[OriginKey] = given.Trigger;
        others[OriginModelKey] = from.Name;
        return others;
    }

    private static IReadOnlyList<long> Widths(IReadOnlyList<Vocabulary> encoders) =>
        [.. encoders.Select(each => each.Width)];
}
