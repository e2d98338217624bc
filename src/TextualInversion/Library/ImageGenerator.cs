using TextualInversion.Generation;
using TextualInversion.Models;
using TextualInversion.Models.Tokenizers;
using static TorchSharp.torch;

namespace TextualInversion;

/// <summary>
/// Generates images with a model and embeddings. Made by <see cref="StableDiffusionModel.CreateGenerator"/>.
/// </summary>
public sealed class ImageGenerator : IDisposable
{
    private readonly StableDiffusionModel model;
    private readonly PromptTokenizers tokenizers;
    private readonly IReadOnlyList<Tensor>? rows; // (N, d) for each text encoder; null without embeddings

    internal ImageGenerator(StableDiffusionModel model, IReadOnlyList<Embedding> embeddings)
    {
        this.model = model;
        (tokenizers, rows) = model.Use(network => Prepare(network, embeddings));
    }

    /// <summary>
    /// Generates one image. The same prompt, seed and options give the same image, on the same machine to the last bit.
    /// </summary>
    /// <param name="prompt">
    /// What the image shows. It may hold the embeddings' tokens, such as <c>&lt;my-cat&gt;</c>.
    /// </param>
    /// <param name="seed">The seed of the noise.</param>
    /// <param name="options">How it is generated. Default: as the model recommends.</param>
    /// <param name="cancellationToken">Stops between two steps.</param>
    /// <exception cref="TextualInversionException">An option is out of its range, or memory runs out.</exception>
    /// <exception cref="OperationCanceledException">It was canceled.</exception>
    public Image Generate(
        string prompt,
        ulong seed,
        GenerateOptions? options = null,
        CancellationToken cancellationToken = default
    )
    {
        RequireText(prompt, nameof(prompt));
        RequireText(options?.NegativePrompt ?? "", nameof(options));
        var settings = model.Resolve(prompt, options ?? new GenerateOptions());
        return model.Use(network => Generate(network, settings, seed, cancellationToken));
    }

    /// <summary>The same on a thread of its own.</summary>
    /// <param name="prompt">What the image shows.</param>
    /// <param name="seed">The seed of the noise.</param>
    /// <param name="options">How it is generated. Default: as the model recommends.</param>
    /// <param name="cancellationToken">Stops between two steps.</param>
    /// <exception cref="TextualInversionException">An option is out of its range, or memory runs out.</exception>
    /// <exception cref="OperationCanceledException">It was canceled.</exception>
    public Task<Image> GenerateAsync(
        string prompt,
        ulong seed,
        GenerateOptions? options = null,
        CancellationToken cancellationToken = default
    ) => OwnThread.RunAsync(() => Generate(prompt, seed, options, cancellationToken), cancellationToken);

    /// <summary>Frees the embeddings' memory; the model stays loaded.</summary>
    public void Dispose()
    {
        foreach (var each in rows ?? [])
            each.Dispose();
    }

    /// <summary>The tokenizers and the rows, (N, d) for each text encoder, of embeddings for a model.</summary>
    /// <exception cref="TextualInversionException">
    /// An embedding does not fit the model, or a token is taken.
    /// </exception>
    internal static (PromptTokenizers Tokenizers, IReadOnlyList<Tensor>? Rows) Prepare(
        IDiffusionModel network,
        IReadOnlyList<Embedding> embeddings
    )
    {
        var widths = network.Vocabularies.Select(vocabulary => vocabulary.shape[1]).ToList();
        foreach (var embedding in embeddings)
            RequireFit(embedding, widths);
        var placeholders = embeddings
            .Select(embedding => Placeholder.Parse(embedding.Token, embedding.Vectors))
            .ToList();
        var tokenizers = new PromptTokenizers(network.Tokenizers, placeholders);
        if (embeddings.Count == 0)
            return (tokenizers, null);
        using var scope = NewDisposeScope();
        List<Tensor> rows = [];
        for (var encoder = 0; encoder < widths.Count; encoder++)
        {
            var each = embeddings.Select(embedding => tensor(embedding.Rows[encoder]));
            rows.Add(cat([.. each], dim: 0).to(network.Device).DetachFromDisposeScope()); // (N, d)
        }

        return (tokenizers, rows);
    }

    private Image Generate(
        IDiffusionModel network,
        GenerationSettings settings,
        ulong seed,
        CancellationToken cancellationToken
    )
    {
        try
        {
            var image = new TextToImage(network, model.Scheduler, tokenizers, rows).Generate(
                settings,
                seed,
                cancellationToken: cancellationToken
            );
            return new Image(image, WebUiParameters.Format(settings, seed, model.Source, Software.Name));
        }
        catch (InsufficientMemoryException error)
        {
            throw new TextualInversionException(
                $"Memory ran out while generating an image of {settings.Width} x {settings.Height} pixels; "
                    + $"choose a smaller "
                    + $"{nameof(GenerateOptions.Width)} and {nameof(GenerateOptions.Height)}, or "
                    + $"{nameof(Precision.Bf16)}.",
                error
            );
        }
    }

    private static void RequireFit(Embedding embedding, IReadOnlyList<long> widths) =>
        EmbeddingWidths.Require(
            embedding.Token,
            [.. embedding.Rows.Select(rows => rows.GetLongLength(1))],
            widths,
            embedding.Provenance.BaseModel
        );

    private static void RequireText(string text, string parameter)
    {
        ArgumentNullException.ThrowIfNull(text, parameter);
        if (text.Contains('\0'))
            throw new ArgumentException("A prompt cannot contain a NUL character.", parameter);
    }
}
