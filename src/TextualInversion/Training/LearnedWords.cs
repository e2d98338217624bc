using TextualInversion.Models.Tokenizers;
using static TorchSharp.torch;

namespace TextualInversion.Training;

/// <summary>
/// The words whose vectors are the rows of a <see cref="Learner"/>, one after another. Each has its own optimizer and
/// learning rate. Of several, each takes the steps whose prompts name it; a single one takes all.
/// </summary>
internal sealed class LearnedWords : IDisposable
{
    private readonly List<WordRows> words = [];
    private readonly Tensor? steps; // (words) int64 on the CPU, or null if there is one word, which takes all steps
    private readonly HashSet<int> named = []; // the words that the prompts of this step name, if there are several
    private readonly long firstRowId;

    /// <param name="learned">The initial vectors and the learning rate of each word.</param>
    /// <param name="rows">The vectors of all, (n, d) for each text encoder, on the CPU.</param>
    /// <param name="norms">The norms that they keep, (n, 1) for each text encoder, or null.</param>
    /// <param name="options">Valid options.</param>
    /// <param name="firstRowId">The id of the first vector in prompts.</param>
    public LearnedWords(
        IReadOnlyList<(IReadOnlyList<Tensor> InitialRows, double? LearningRate)> learned,
        IReadOnlyList<Tensor> rows,
        IReadOnlyList<Tensor?> norms,
        TrainOptions options,
        long firstRowId
    )
    {
        this.firstRowId = firstRowId;
        foreach (var (initialRows, learningRate) in learned)
        {
            var first = words.Sum(word => word.Count);
            words.Add(new WordRows(first, initialRows[0].shape[0], learningRate, rows, norms, options));
        }

        steps = words.Count == 1 ? null : zeros(words.Count, ScalarType.Int64, device: CPU).DetachFromDisposeScope();
    }

    /// <summary>The steps of each word, (words) int64, or null if there is one. Not a copy.</summary>
    public Tensor? Steps => steps;

    /// <summary>The tensors of the optimizers of one text encoder, by their names in a state. Not copies.</summary>
    public IEnumerable<KeyValuePair<string, Tensor>> State(int encoder) =>
        words
            .Index()
            .SelectMany(pair =>
                pair.Item.States.ElementAt(encoder)
                    .Select(state => KeyValuePair.Create(StateNames.Of(state.Key, encoder, pair.Index), state.Value))
            );

    /// <summary>Notes the words that prompts of this step name.</summary>
    public void Note(PromptTokens prompts)
    {
        if (steps is null)
            return;
        foreach (var id in prompts.Ids)
        {
            var number = words.FindIndex(word =>
                id - firstRowId >= word.First && id - firstRowId < word.First + word.Count
            );
            if (number >= 0)
                named.Add(number);
        }
    }

    /// <summary>Forgets what <see cref="Note"/> found.</summary>
    public void Forget() => named.Clear();

    /// <summary>Updates the vectors of the words that this step's prompts name.</summary>
    /// <param name="gradients">Of all vectors, (n, d) for each text encoder, on the CPU.</param>
    /// <param name="learningRate">The learning rate of the step, for words at the options' rate.</param>
    /// <param name="step">The number of the step, from 1.</param>
    public void Step(IReadOnlyList<Tensor> gradients, double learningRate, int step)
    {
        if (steps is null)
        {
            words[0].Step(gradients, learningRate, step);
            return;
        }

        var taken = steps.data<long>().ToArray();
        foreach (var number in named.Order())
        {
            taken[number]++;
            words[number].Step(gradients, learningRate, (int)taken[number]);
        }

        steps.copy_(tensor(taken, device: CPU));
    }

    /// <summary>Clips the gradients of each word by itself, see <see cref="WordRows.Clip"/>.</summary>
    /// <returns>The norm of all before that.</returns>
    public double Clip(IReadOnlyList<Tensor> gradients, double most) =>
        Math.Sqrt(words.Sum(word => word.Clip(gradients, most)));

    public void Dispose()
    {
        words.ForEach(word => word.Dispose());
        steps?.Dispose();
    }
}
