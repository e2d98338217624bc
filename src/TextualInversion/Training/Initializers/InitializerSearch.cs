using TextualInversion.Models;
using TextualInversion.Models.Tokenizers;
using TextualInversion.Native;
using TextualInversion.Schedulers;
using TextualInversion.Training.Data;
using TextualInversion.Training.Stopping;
using static TorchSharp.torch;

namespace TextualInversion.Training.Initializers;

/// <summary>
/// Looks for the word of the vocabulary from which training starts best: the one with the lowest validation loss on the
/// images. A gradient tells of the whole vocabulary which words
/// are worth a look, a first-order estimate that costs one pass for all of them; those are compared by <see
/// cref="SuccessiveHalving"/>. Then the same once more from the best of them.
/// Nothing in it is random but what the validation set has fixed.
/// </summary>
internal sealed class InitializerSearch : IDisposable
{
    private const int Candidates = 64,
        FirstExamples = 4,
        Finalists = 10,
        Passes = 2;

    private readonly IDiffusionModel model;
    private readonly NoiseSchedule schedule;
    private readonly TrainOptions options;
    private readonly IReadOnlyList<(int Id, string Word)> words;
    private readonly int vectors,
        examples;
    private readonly Dictionary<int, ValidationSet> sets = []; // by the number of examples

    /// <param name="model">The frozen model.</param>
    /// <param name="schedule">Its noise.</param>
    /// <param name="concept">What is to be learned; where its rows start does not matter.</param>
    /// <param name="options">How many examples a forward pass has.</param>
    public InitializerSearch(IDiffusionModel model, NoiseSchedule schedule, Concept concept, TrainOptions options)
    {
        this.model = model;
        this.schedule = schedule;
        this.options = options with
        {
            Optimizer = OptimizerKind.AdamW,
            KeepNorm = NormConstraint.None,
            SnrGamma = 0,
            EmaDecay = 0,
        };
        words = model.Tokenizers[0].Words();
        vectors = concept.Placeholder.Vectors;
        var steps = schedule.Config.NumTrainTimesteps;
        var tokenizers = new PromptTokenizers(model.Tokenizers, [concept.Placeholder]);
        examples = ValidationSet.Examples(concept.Images.Learned.Count, steps).Count;
        for (var most = FirstExamples; ; most = Math.Min(2 * most, examples))
        {
            sets[most] = new ValidationSet(
                concept.Images,
                concept.Images.Learned,
                concept.Prompts,
                tokenizers,
                options.BatchSize,
                steps,
                most
            );
            if (most == examples)
                break;
        }
    }

    /// <summary>
    /// About how many training steps take as long as the search: one is a pass forward and one back, which costs as
    /// much as two.
    /// </summary>
    public int CostInSteps =>
        (Cost + (Passes * 3 * examples)) / (3 * options.BatchSize * options.GradientAccumulationSteps) + 1;

    /// <summary>Examples that words are judged by, in all.</summary>
    public int Cost
    {
        get
        {
            var first = Math.Min(words.Count, Candidates);
            var second = Math.Min(first, Finalists) + Math.Min(words.Count - first, Candidates);
            return SuccessiveHalving.Cost(first, FirstExamples, examples, Finalists)
                + (words.Count == first ? 0 : SuccessiveHalving.Cost(second, FirstExamples, examples, Finalists));
        }
    }

    /// <param name="start">the token id of the word with whose gradient the search begins</param>
    /// <param name="progress">told of how many examples words were judged by so far, of <see cref="Cost"/></param>
    /// <param name="cancellationToken">stops the search</param>
    /// <returns>the ten best, the best first</returns>
    /// <exception cref="TextualInversionException">The vocabulary has no words.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public IReadOnlyList<RankedWord> Run(int start, IProgress<int> progress, CancellationToken cancellationToken)
    {
        if (words.Count == 0)
            throw TextualInversionException.ForParameter(
                nameof(TrainOptions.Initializer),
                $"{InitialEmbedding.Auto}: the model's vocabulary has no whole words; name one yourself."
            );
        using var outer = NewDisposeScope();
        using var learner = new Learner(model, schedule, RowsOf(start), options);
        var judged = 0;
        var best = new List<(int Id, string Word)>();
        var ranked = new List<RankedWord>();
        for (var (pass, seen) = (0, new HashSet<int>()); pass < Passes && seen.Count < words.Count; pass++)
        {
            var estimates = Estimates(best.Count == 0 ? start : best[0].Id);
            var worth = words
                .Where(word => !seen.Contains(word.Id))
                .OrderBy(word => estimates[word.Id])
                .Take(Candidates)
                .ToList();
            seen.UnionWith(worth.Select(word => word.Id));
            var found = SuccessiveHalving
                .Rank([.. best, .. worth], FirstExamples, examples, Finalists, LossOf)
                .Take(Finalists)
                .ToList();
            best = [.. found.Select(word => word.Candidate)];
            ranked = [.. found.Select(word => new RankedWord(word.Candidate.Word, word.Loss))];
        }

        return ranked;

        double LossOf((int Id, string Word) word, int most)
        {
            cancellationToken.ThrowIfCancellationRequested();
            using var scope = NewDisposeScope();
            var rows = RowsOf(word.Id);
            var loss = sets[most].Loss(batch => learner.Evaluate(batch, rows));
            progress.Report(judged += most);
            return loss;
        }
    }

    public void Dispose()
    {
        foreach (var set in sets.Values)
            set.Dispose();
    }

    /// <summary>
    /// What the loss would be with each token of the vocabulary, up to a constant, were it as steep everywhere as at
    /// one word.
    /// </summary>
    internal double[] Estimates(int id)
    {
        using var scope = NewDisposeScope();
        using var learner = new Learner(
            model,
            schedule,
            RowsOf(id),
            options with
            {
                GradientAccumulationSteps = (examples + options.BatchSize - 1) / options.BatchSize,
            }
        );
        sets[examples].Loss(Accumulate);
        using var noGrad = no_grad();
        var slopes = learner.Gradients.Zip(
            model.Vocabularies,
            (gradient, vocabulary) => vocabulary.mm(gradient.sum(0, keepdim: true).t()).squeeze(1)
        ); // (V)
        var sum = slopes.Aggregate((first, second) => first.Plus(second));
        return [.. HostCopy.Floats(sum).Select(slope => (double)slope)];

        double Accumulate(TrainingBatch batch)
        {
            using var batchScope = NewDisposeScope();
            var loss = learner.Forward(batch);
            learner.Backward(loss);
            return HostCopy.Scalars([loss])[0];
        }
    }

    /// <summary>(n, d) for each text encoder, whose vocabularies are alike: the word's row, n times.</summary>
    private List<Tensor> RowsOf(int id) =>
        [.. model.Vocabularies.Select(vocabulary => vocabulary[id].expand(vectors, -1))];
}
