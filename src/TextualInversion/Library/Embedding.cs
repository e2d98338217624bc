using TextualInversion.Checkpoints;
using TextualInversion.Embeddings;
using TextualInversion.Models.Tokenizers;
using TextualInversion.Training;
using static TorchSharp.torch;

namespace TextualInversion;

/// <summary>
/// A textual inversion embedding: the vectors that a placeholder token stands for in prompts. It holds plain numbers,
/// needs no model and can be used on any thread.
/// </summary>
public sealed class Embedding
{
    /// <summary>Makes an embedding of numbers.</summary>
    /// <param name="token">The placeholder token, such as <c>&lt;my-cat&gt;</c>.</param>
    /// <param name="rows">
    /// For each text encoder of the model the vectors, one a row: one array for Stable Diffusion 1 and 2, two for
    /// Stable Diffusion XL. All arrays have the same number of rows. They are copied.
    /// </param>
    /// <param name="provenance">Where it comes from, or null if nothing is known.</param>
    /// <exception cref="ArgumentException">
    /// There are no rows, the arrays have different numbers of them, or a value is not finite.
    /// </exception>
    public Embedding(string token, IReadOnlyList<float[,]> rows, EmbeddingProvenance? provenance = null)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(token);
        ArgumentNullException.ThrowIfNull(rows);
        if (rows.Count is not (1 or 2) || rows.Any(each => each.Length == 0))
            throw new ArgumentException("An embedding has rows for one or two text encoders.", nameof(rows));
        if (rows.Any(each => each.GetLength(0) != rows[0].GetLength(0)))
            throw new ArgumentException("All text encoders have the same number of rows.", nameof(rows));
        if (rows.Any(each => each.Cast<float>().Any(value => !float.IsFinite(value))))
            throw new ArgumentException("The rows contain NaN or infinity.", nameof(rows));
        (Token, Provenance) = (token, provenance ?? new EmbeddingProvenance());
        Rows = [.. rows.Select(each => (float[,])each.Clone())];
    }

    /// <summary>The placeholder token that stands for the vectors in prompts, such as <c>&lt;my-cat&gt;</c>.</summary>
    public string Token { get; }

    /// <summary>The number of vectors.</summary>
    public int Vectors => Rows[0].GetLength(0);

    /// <summary>
    /// The vectors for each text encoder of the model, one a row: one array for Stable Diffusion 1 and 2, two for
    /// Stable Diffusion XL.
    /// </summary>
    public IReadOnlyList<float[,]> Rows { get; }

    /// <summary>Where the embedding comes from.</summary>
    public EmbeddingProvenance Provenance { get; }

    /// <summary>The name under which some layouts know it in addition to the token, or null.</summary>
    internal string? Name { get; init; }

    /// <summary>
    /// Reads an embedding from a file of any layout of <see cref="EmbeddingFormat"/>. The content decides, not the
    /// file's name.
    /// </summary>
    /// <param name="path">The file.</param>
    /// <exception cref="TextualInversionException">
    /// The file is missing, damaged or does not hold an embedding.
    /// </exception>
    public static Embedding Load(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        TorchRuntime.EnsureLoaded();
        using var learned = EmbeddingFile.Read(path);
        return FromLearned(learned);
    }

    /// <summary>Writes the embedding with its provenance. The file is there whole or not at all.</summary>
    /// <param name="path">The file; its folder is created if it does not exist.</param>
    /// <param name="format">
    /// The layout. Default: by the model's family, <see cref="EmbeddingFormat.Diffusers"/> for one text encoder and
    /// <see cref="EmbeddingFormat.Sdxl"/> for two; for a path that ends in .png, <see cref="EmbeddingFormat.Png"/>.
    /// </param>
    /// <param name="overwrite">Whether an existing file is replaced.</param>
    /// <exception cref="TextualInversionException">
    /// The file exists or cannot be written, or the layout is for another number of text encoders.
    /// </exception>
    public void Save(string path, EmbeddingFormat? format = null, bool overwrite = false)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        TorchRuntime.EnsureLoaded();
        using var learned = ToLearned();
        EmbeddingFile.Write(path, format ?? DefaultFormat(path), learned, overwrite);
    }

    /// <summary>
    /// Carries the embedding over to another kind of model, such as from Stable Diffusion 1 to XL and back. Vectors for
    /// a text encoder that both models have are copied; the others come from a linear map between the vocabularies, as
    /// word embeddings of two languages are aligned (Mikolov et al. 2013). Only the models' text encoders are read.
    /// Runs on a thread of its own. To train the result further on images, save it and name its file in
    /// <see cref="TrainOptions.Initializer"/>, with as many <see cref="TrainOptions.Vectors"/>, for
    /// <see cref="StableDiffusionModel.TrainAsync"/>.
    /// </summary>
    /// <param name="toModel">The other model: a diffusers folder, a single file or a hub id.</param>
    /// <param name="options">
    /// The model that it was trained on, and the new token. Default: as of a new <see cref="TranslateOptions"/>.
    /// </param>
    /// <param name="cancellationToken">Stops a download, which continues the next time.</param>
    /// <exception cref="TextualInversionException">
    /// The embedding does not record its model and none is named, a model is missing or damaged, the embedding is for
    /// another kind than its model, the models have too few tokens in common, or the other model's vocabulary holds the
    /// token.
    /// </exception>
    /// <exception cref="OperationCanceledException">It was canceled.</exception>
    public async Task<TranslateResult> TranslateAsync(
        string toModel,
        TranslateOptions? options = null,
        CancellationToken cancellationToken = default
    )
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(toModel);
        var wanted = options ?? new TranslateOptions();
        var fromModel =
            wanted.FromModel
            ?? Provenance.BaseModel
            ?? throw TextualInversionException.ForParameter(
                nameof(TranslateOptions.FromModel),
                $"is missing: {Token} does not record the model that it was trained on; name it."
            );
        TorchRuntime.EnsureLoaded();
        var from = await ModelFinder.FindAsync(fromModel, wanted.Load, cancellationToken).ConfigureAwait(false);
        var to = await ModelFinder.FindAsync(toModel, wanted.Load, cancellationToken).ConfigureAwait(false);
        var placeholder = Placeholder.Parse(wanted.Token ?? Token, Vectors);
        return await OwnThread
            .RunAsync(() => Translate((fromModel, from), (toModel, to), placeholder), cancellationToken)
            .ConfigureAwait(false);
    }

    internal static Embedding FromLearned(LearnedEmbedding learned) =>
        new(
            learned.Trigger,
            [.. learned.Rows.Select(RowValues.FromTensor)],
            EmbeddingProvenance.FromMetadata(learned.Provenance)
        )
        {
            Name = learned.Name,
        };

    /// <summary>The same with tensors, (n, d) for each text encoder. The caller disposes of it.</summary>
    internal LearnedEmbedding ToLearned() =>
        new(
            Token,
            [.. Rows.Select(rows => tensor(rows).DetachFromDisposeScope())], // (n, d)
            Provenance.ToMetadata()
        )
        {
            Name = Name,
        };

    private TranslateResult Translate(
        (string Name, IModelFiles Files) from,
        (string Name, IModelFiles Files) to,
        Placeholder placeholder
    )
    {
        using var translator = new EmbeddingTranslator(from, to);
        using var given = ToLearned();
        var translated = translator.Translate(given, placeholder, Software.Name);
        using var embedding = translated.Embedding;
        return new TranslateResult
        {
            Embedding = FromLearned(embedding),
            TextEncoders =
            [
                .. translated.Encoders.Select(each => new TranslatedEncoder(
                    each.CopiedFrom,
                    each.Tokens,
                    each.Quality?.Cosine,
                    each.Quality?.NearestWordCosine
                )),
            ],
            LostLoras = translated.LostLoras,
        };
    }

    private EmbeddingFormat DefaultFormat(string path) =>
        Rows.Count == 1 && Path.GetExtension(path).Equals(".png", StringComparison.OrdinalIgnoreCase)
            ? EmbeddingFormat.Png
            : EmbeddingFormats.Default(Rows.Count);
}
