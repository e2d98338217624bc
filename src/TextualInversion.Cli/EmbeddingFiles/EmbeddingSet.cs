using System.Text.RegularExpressions;
using TextualInversion.Embeddings;
using TextualInversion.Generation;
using TextualInversion.Models;
using TextualInversion.Models.Tokenizers;
using static TorchSharp.torch;

namespace TextualInversion.Cli.EmbeddingFiles;

/// <summary>Embeddings read from files: those named with <c>--embedding</c>, or all of a folder.</summary>
internal sealed partial class EmbeddingSet : IDisposable
{
    /// <summary>The folder that is searched if no embedding is named.</summary>
    public const string Folder = "embeddings";

    private readonly List<LearnedEmbedding> embeddings = [];
    private readonly List<EmbeddingArgument> arguments = []; // one for each embedding
    private readonly List<EmbeddingNames> names = []; // one for each embedding
    private readonly HashSet<int> named = [];

    private EmbeddingSet() { }

    /// <summary>The embeddings. Each has a trigger that can be a placeholder token.</summary>
    public IReadOnlyList<LearnedEmbedding> Embeddings => embeddings;

    /// <summary>The arguments that would load them again, one for each embedding.</summary>
    public IReadOnlyList<EmbeddingArgument> Arguments => arguments;

    /// <summary>The names by which prompts may call them, one for each embedding.</summary>
    public IReadOnlyList<EmbeddingNames> Names => names;

    /// <summary>Whether the user named the file of this embedding, rather than a folder.</summary>
    public bool IsNamed(int index) => named.Contains(index);

    /// <summary>Loads the files named, of any layout. Of a folder, the files that can be read.</summary>
    /// <param name="arguments">The values of <c>--embedding</c>.</param>
    /// <param name="warn">Receives the problems with files of folders. Null to drop them.</param>
    /// <exception cref="TextualInversionException">A file cannot be read.</exception>
    public static EmbeddingSet Load(IEnumerable<EmbeddingArgument> arguments, Action<string>? warn = null)
    {
        var set = new EmbeddingSet();
        foreach (var argument in arguments)
        {
            if (argument.Bundled is not null)
            {
                set.AddBundle(argument.Path, argument);
                continue;
            }

            if (Directory.Exists(argument.Path))
            {
                set.AddFolder(argument.Path, argument.Strength, warn ?? (_ => { }));
                continue;
            }

            if (!File.Exists(argument.Path))
                throw new TextualInversionException(
                    $"{argument.Path}: no such embedding; name a file of any layout, or a folder of them."
                );
            set.named.Add(set.embeddings.Count);
            set.Add(EmbeddingFile.Read(argument.Path), argument, argument.Path);
        }

        return set;
    }

    /// <summary>
    /// Loads the embeddings of a folder and its sub-folders. The set is empty if there is no such folder.
    /// </summary>
    /// <param name="folder">The folder. Its files may have any layout.</param>
    /// <param name="warn">Receives the problems with files that cannot be read.</param>
    public static EmbeddingSet Discover(string folder, Action<string> warn)
    {
        var set = new EmbeddingSet();
        set.AddFolder(folder, strength: 1, warn);
        return set;
    }

    /// <summary>Adds the embeddings inside the files of LoRAs, which are called by their names there.</summary>
    /// <param name="loras">The files.</param>
    /// <param name="warn">Receives the problems with embeddings that cannot be used.</param>
    public void AddBundles(IEnumerable<string> loras, Action<string> warn)
    {
        foreach (var path in loras)
        {
            try
            {
                AddBundle(path, wanted: null);
            }
            catch (TextualInversionException problem)
            {
                warn($"the embeddings inside are left out: {problem.Message}");
            }
        }
    }

    /// <summary>Some of the embeddings, in the given order. This set still disposes of them.</summary>
    public EmbeddingSet Select(IEnumerable<int> indices)
    {
        var selected = new EmbeddingSet();
        foreach (var index in indices)
        {
            selected.embeddings.Add(embeddings[index]);
            selected.arguments.Add(arguments[index]);
            selected.names.Add(names[index]);
        }

        return selected;
    }

    /// <summary>The placeholders, in the order of the rows.</summary>
    /// <param name="widths">The width of each of the model's text encoders.</param>
    /// <exception cref="TextualInversionException">
    /// An embedding is of another width than the model, or for other encoders.
    /// </exception>
    public List<Placeholder> Placeholders(IReadOnlyList<long> widths)
    {
        foreach (var embedding in embeddings)
            RequireWidths(embedding, widths);
        return [.. embeddings.Select(embedding => Placeholder.Parse(embedding.Trigger, embedding.Vectors))];
    }

    /// <exception cref="TextualInversionException">
    /// The embedding is of another width than the model, or for other encoders.
    /// </exception>
    public static void RequireWidths(LearnedEmbedding embedding, IReadOnlyList<long> widths) =>
        EmbeddingWidths.Require(
            embedding.Trigger,
            embedding.Widths,
            widths,
            EmbeddingProvenance.FromMetadata(embedding.Provenance).BaseModel
        );

    /// <summary>
    /// (N, d) for each text encoder: all vectors in order; null without embeddings. They belong to the caller's dispose
    /// scope.
    /// </summary>
    /// <exception cref="TextualInversionException">
    /// A strength is asked for, and the embedding does not say what it started from.
    /// </exception>
    public IReadOnlyList<Tensor>? Rows(IDiffusionModel model)
    {
        if (embeddings.Count == 0)
            return null;
        using var scope = NewDisposeScope();
        var encoders = new List<Tensor>();
        for (var encoder = 0; encoder < embeddings[0].Rows.Count; encoder++)
        {
            var each = embeddings.Zip(arguments, (embedding, argument) => Rows(embedding, argument, model, encoder));
            encoders.Add(cat([.. each], dim: 0).MoveToOuterDisposeScope()); // (N, d)
        }

        return encoders;
    }

    public void Dispose()
    {
        foreach (var embedding in embeddings)
            embedding.Dispose();
    }

    private static Tensor Rows(
        LearnedEmbedding embedding,
        EmbeddingArgument argument,
        IDiffusionModel model,
        int encoder
    )
    {
        if (argument.Strength == 1)
            return embedding.Rows[encoder].to(model.Device);
        var initializer =
            EmbeddingProvenance.FromMetadata(embedding.Provenance).Initializer
            ?? throw new TextualInversionException(
                $"{argument.Path}: does not say which word it started from, so @{argument.Strength} has no meaning; "
                    + $"weigh it in the prompt, as in ({embedding.Trigger}:0.7)."
            );
        return EmbeddingStrength.Apply(
            embedding.Rows[encoder],
            initializer,
            model.Tokenizers[encoder],
            model.Vocabularies[encoder],
            argument.Strength
        );
    }

    private void AddFolder(string folder, double strength, Action<string> warn)
    {
        foreach (var path in EmbeddingFolder.Files(folder))
        {
            try
            {
                Add(
                    EmbeddingFile.Read(path),
                    new EmbeddingArgument(path, Strength: strength),
                    Path.GetRelativePath(folder, path)
                );
            }
            catch (TextualInversionException problem)
            {
                warn(problem.Message);
            }
        }
    }

    /// <param name="path">The file of a LoRA.</param>
    /// <param name="wanted">The only embedding to add; null for all.</param>
    private void AddBundle(string path, EmbeddingArgument? wanted)
    {
        foreach (var embedding in EmbeddingFile.ReadBundle(path))
        {
            if (wanted is null || wanted.Bundled == embedding.Trigger)
                Add(embedding, wanted ?? new EmbeddingArgument(path) { Bundled = embedding.Trigger }, path);
            else
                embedding.Dispose();
        }
    }

    private void Add(LearnedEmbedding embedding, EmbeddingArgument argument, string callPath)
    {
        // Only this program writes these fields. A model's name alone may come from the WebUI. A bundle's embeddings
        // are called by their names inside it.
        var isOwn =
            embedding.IsBundled
            || EmbeddingProvenance.FromMetadata(embedding.Provenance)
                is { Initializer: not null }
                    or { BaseModelSha256: not null };
        var own = argument.Bundled is { } name
            ? EmbeddingNames.OfBundled(name)
            : EmbeddingNames.Of(callPath, embedding.Trigger, isOwn, argument.Trigger);
        var trigger = Placeholder.Parse(Blanks().Replace(own.Display, "-")).Name;
        embeddings.Add(embedding with { Trigger = trigger });
        arguments.Add(argument);
        names.Add(own);
    }

    [GeneratedRegex(@"\s+")]
    private static partial Regex Blanks();
}
