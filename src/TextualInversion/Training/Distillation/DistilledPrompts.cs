using TextualInversion.Data;
using TextualInversion.Generation;
using TextualInversion.Models;
using TextualInversion.Models.Tokenizers;
using static TorchSharp.torch;

namespace TextualInversion.Training.Distillation;

/// <summary>A prompt that is to be distilled, and the embeddings that it calls.</summary>
/// <param name="Prompt">The text, with a placeholder for each embedding.</param>
/// <param name="Placeholders">The placeholders of the embeddings.</param>
/// <param name="Rows">Their vectors, (N, d) for each text encoder, or null without embeddings.</param>
internal sealed record DistillationSource(
    string Prompt,
    IReadOnlyList<Placeholder> Placeholders,
    IReadOnlyList<Tensor>? Rows
);

/// <summary>
/// The whole prompt, its vectors, and what they are compared with, each as the text of prompts: alone or among other
/// words.
/// </summary>
internal sealed class DistilledPrompts
{
    /// <summary>A template with the text alone.</summary>
    public const string Alone = PromptTemplates.Slot;

    private const string Learned = "\uE010distilled\uE011"; // nobody types it, and no vocabulary holds it

    private readonly IDiffusionModel model;
    private readonly DistillationSource source;
    private readonly GenerationSettings settings;
    private readonly int vectors;
    private readonly PromptTokenizers tokenizers;
    private readonly IReadOnlyList<IReadOnlyList<int>> ids; // of the whole prompt, for each text encoder

    /// <param name="model">The frozen model.</param>
    /// <param name="source">The prompt.</param>
    /// <param name="settings">The size of images.</param>
    /// <param name="vectors">The number of vectors.</param>
    /// <exception cref="TextualInversionException">
    /// The prompt has no more tokens than vectors, or changes while an image is generated.
    /// </exception>
    public DistilledPrompts(IDiffusionModel model, DistillationSource source, GenerationSettings settings, int vectors)
    {
        (this.model, this.source, this.settings, this.vectors) = (model, source, settings, vectors);
        if (PromptSchedule.Of(source.Prompt, 2 * settings.Steps).Distinct().Count() > 1)
            throw new TextualInversionException(
                "The prompt changes while an image is generated ([cat:dog:0.5] or [cat|dog]), which vectors cannot; "
                    + "distill each of its texts by itself."
            );
        tokenizers = new PromptTokenizers(
            model.Tokenizers,
            [.. source.Placeholders, Placeholder.Parse(Learned, vectors)]
        );
        ids = [.. tokenizers.Each.Select(each => IdsOf(each, source.Prompt))];
        if (Tokens <= vectors)
            throw TextualInversionException.ForParameter(
                nameof(DistillationOptions.Vectors),
                $"{vectors}: the prompt has {Tokens} {(Tokens == 1 ? "token" : "tokens")} itself; choose fewer "
                    + "vectors, or a longer prompt."
            );
    }

    /// <summary>The tokens of the whole prompt, without beginning and end.</summary>
    public int Tokens => ids[0].Count;

    /// <summary>The tokens of a text, without beginning and end.</summary>
    public int TokensOf(string text) => IdsOf(tokenizers.First, text).Count;

    /// <summary>The whole prompt within a template.</summary>
    public string Whole(string template) => PromptTemplates.Format(template, source.Prompt);

    /// <summary>The vectors within a template.</summary>
    public static string Short(string template) => PromptTemplates.Format(template, Learned);

    /// <summary>
    /// The first words of the prompt, as many as there are vectors; or null if it has no more words than vectors, as
    /// one that only calls an embedding.
    /// </summary>
    public string? FirstWords
    {
        get
        {
            var words = source.Prompt.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
            return words.Length > vectors ? string.Join(' ', words[..vectors]).TrimEnd(',') : null;
        }
    }

    /// <summary>The vectors of the prompt's first tokens, (n, d) for each text encoder.</summary>
    public IReadOnlyList<Tensor> FirstTokens => TokensAt([.. Enumerable.Range(0, vectors)]);

    /// <summary>The vectors of tokens of the prompt, (n, d) for each text encoder.</summary>
    /// <param name="positions">n positions, from 0.</param>
    public IReadOnlyList<Tensor> TokensAt(IReadOnlyList<int> positions) =>
        RowsOf(own => [.. positions.Select(position => new[] { own[position] })]);

    /// <summary>The means of the vectors of as many groups of neighbors, (n, d) for each text encoder.</summary>
    public IReadOnlyList<Tensor> Means =>
        RowsOf(own =>
            [
                .. Enumerable
                    .Range(0, vectors)
                    .Select(i => own.Skip(i * own.Count / vectors))
                    .Select(
                        (rest, i) => rest.Take(((i + 1) * own.Count / vectors) - (i * own.Count / vectors)).ToArray()
                    ),
            ]
        );

    /// <summary>The positions of the prompt's different tokens that are more than punctuation.</summary>
    public IReadOnlyList<int> Meaningful
    {
        get
        {
            var tokenizer = model.Tokenizers[0];
            var words = Enumerable
                .Range(0, Tokens)
                .Where(i =>
                    ids[0][i] >= tokenizer.VocabularySize || tokenizer.Decode([ids[0][i]]).Any(char.IsLetterOrDigit)
                )
                .DistinctBy(i => ids[0][i])
                .ToList();
            return words.Count > 0 ? words : [0];
        }
    }

    /// <summary>Encodes a prompt for one image.</summary>
    /// <param name="prompt">A text of this class, or any other.</param>
    /// <param name="learned">The vectors, (n, d) for each text encoder, or null where the prompt has none.</param>
    public Conditioning Encode(string prompt, IReadOnlyList<Tensor>? learned) =>
        new PromptConditioning(model, tokenizers, Rows(learned)).Encode(
            settings with
            {
                Prompt = prompt,
            },
            isGuided: false,
            images: 1
        );

    /// <summary>A generator of images with prompts of this class.</summary>
    /// <param name="scheduler">The model's noise schedule.</param>
    /// <param name="learned">The vectors, or null.</param>
    public TextToImage Generator(Schedulers.SchedulerConfig scheduler, IReadOnlyList<Tensor>? learned) =>
        new(model, scheduler, tokenizers, Rows(learned));

    /// <summary>The position of the end of a prompt that fits into one chunk.</summary>
    public int EndOf(string prompt) => PromptChunk.Split(prompt, tokenizers.First)[0].Prompt.EndOfTextPosition;

    /// <summary>Whether a prompt is one chunk with padding at its end.</summary>
    public bool HasPadding(string prompt) =>
        PromptChunk.Split(prompt, tokenizers.First) is [var only]
        && only.Prompt.EndOfTextPosition + 1 < only.Prompt.Ids.Count;

    private List<Tensor> Rows(IReadOnlyList<Tensor>? learned)
    {
        var own =
            learned
            ?? [.. model.Vocabularies.Select(vocabulary => zeros(vectors, vocabulary.shape[1], device: model.Device))];
        return source.Rows is null
            ? [.. own]
            : [.. source.Rows.Zip(own, (given, row) => cat([given.to(model.Device), row], dim: 0))]; // (N + n, d)
    }

    private List<Tensor> RowsOf(Func<IReadOnlyList<int>, int[][]> groups)
    {
        using var scope = NewDisposeScope();
        var rows = new List<Tensor>();
        for (var encoder = 0; encoder < ids.Count; encoder++)
        {
            var means = groups(ids[encoder])
                .Select(group => stack([.. group.Select(id => TokenRow(encoder, id))]).mean([0])); // (d)
            rows.Add(stack([.. means]).MoveToOuterDisposeScope()); // (n, d)
        }

        return rows;
    }

    private Tensor TokenRow(int encoder, int id)
    {
        var first = model.Tokenizers[encoder].VocabularySize;
        return id < first
            ? model.Vocabularies[encoder].select(0, id)
            : source.Rows![encoder].to(model.Device).select(0, id - first); // (d)
    }

    private static List<int> IdsOf(PromptTokenizer tokenizer, string prompt) =>
        [.. PromptSyntax.Parse(prompt).SelectMany(part => tokenizer.Split(part.Text)).SelectMany(group => group)];
}
