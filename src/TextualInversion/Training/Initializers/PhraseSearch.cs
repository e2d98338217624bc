using TextualInversion.Data;
using TextualInversion.Models;
using TextualInversion.Schedulers;

namespace TextualInversion.Training.Initializers;

/// <summary>
/// Finds the phrase from which training starts best. It grows word by word: words are tried in front of the phrase and
/// behind it, the one that lowers the loss most is kept, and the search ends when another word no longer pays. All
/// words of a small vocabulary are tried; of a large one those that CLIP ranks best, or without a ranking those with
/// the best first-order estimates. From the third word on, only the best words so far are tried in front. Behind, all
/// are tried again, since the color of a part helps only once the object is named. The search is deterministic: it does
/// not depend on the run's seed.
/// </summary>
internal sealed class PhraseSearch
{
    private const int MostCandidates = 160, // at one place
        FewestCandidates = 8,
        WordsInFront = 32, // tried from the third word on
        Finalists = 5;

    // A word that lowers the loss by less than this share is not worth its place in the prompt.
    private const double SmallestGain = 0.01;

    private readonly IDiffusionModel model;
    private readonly NoiseSchedule schedule;
    private Concept concept; // with what the images show, once it is found
    private readonly TrainOptions options;
    private readonly Dictionary<int, string> words; // whole words of the vocabulary by token id
    private readonly List<int> roundSizes;
    private readonly int candidates;
    private IReadOnlyList<List<double>>? withoutPrompts; // measured with the first word, the same for longer phrases

    /// <param name="model">The frozen model.</param>
    /// <param name="schedule">Its noise schedule.</param>
    /// <param name="concept">What is to be learned. Its initial rows do not matter.</param>
    /// <param name="options">The longest phrase, the batch size, and the cost of the search.</param>
    /// <exception cref="TextualInversionException">The vocabulary has no whole words.</exception>
    public PhraseSearch(IDiffusionModel model, NoiseSchedule schedule, Concept concept, TrainOptions options)
    {
        (this.model, this.schedule, this.concept, this.options) = (model, schedule, concept, options);
        words = model.Tokenizers[0].Words().ToDictionary(word => word.Id, word => word.Word);
        if (words.Count == 0)
            throw new TextualInversionException(
                "The model's vocabulary has no whole words to choose an initializer from; name one."
            );
        roundSizes = PhraseExamples.RoundSizes(concept, schedule);
        var most = Math.Min(words.Count, MostCandidates);
        candidates = Enumerable
            .Range(0, most)
            .Select(fewer => most - fewer)
            .FirstOrDefault(count => CostOf(count) <= (double)options.SearchSteps * CostOfStep, FewestCandidates);
        LargestCost = CostOf(candidates);
    }

    /// <summary>Whether no word is left out, so that a ranking of the words has no effect.</summary>
    public bool TriesAllWords => words.Count <= candidates;

    /// <summary>The cost of the longest search, in forward passes of one example.</summary>
    public int LargestCost { get; }

    /// <summary>About how many training steps take as long as the longest search.</summary>
    public int LargestCostInSteps => (int)(LargestCost / CostOfStep) + 1;

    private int AllExamples => roundSizes.Sum();

    private long CostOfStep => GradientCost(1) * (long)options.BatchSize * options.GradientAccumulationSteps;

    /// <summary>Grows the phrase.</summary>
    /// <param name="progress">Receives the examples measured so far, of at most <see cref="LargestCost"/>.</param>
    /// <param name="ranked">
    /// The vocabulary's whole words in the order in which they describe the images, the best first: if not all can be
    /// tried, the best ones are. Null to choose words by their estimates.
    /// </param>
    /// <param name="cancellationToken">Stops the search.</param>
    /// <exception cref="OperationCanceledException">The search was canceled.</exception>
    public FoundPhrase Run(
        IProgress<int> progress,
        IReadOnlyList<RankedWord>? ranked,
        CancellationToken cancellationToken
    )
    {
        var measured = 0;
        void Count(int examples)
        {
            cancellationToken.ThrowIfCancellationRequested();
            progress.Report(measured += examples);
        }

        var shown = concept.Prompts.WantsShownWords ? FindShownWords(ranked, Count) : null;
        if (shown is not null)
            concept = concept with { Prompts = concept.Prompts.WithShownWords(shown) };
        var all = WordsToTry(ranked, shown ?? []);
        var phrases = Rank([], front: [], all, Count);
        var stages = new List<RankedPhrase> { Named(phrases[0]) };
        var front = all;
        while (phrases[0].Ids.Count < options.VectorCount)
        {
            var longer = Rank(phrases[0].Ids, front, all, Count);
            if (longer[0].Score > phrases[0].Score + Math.Log(1 - SmallestGain))
                break;
            if (front.Count > WordsInFront)
                front = [.. longer.Select(candidate => candidate.Added).Distinct().Take(WordsInFront)];
            phrases = longer;
            stages.Add(Named(phrases[0]));
        }

        var runnersUp = phrases.Skip(1).Where(other => other.Rounds == roundSizes.Count).Select(Named);
        return new FoundPhrase(stages[^1].Words, stages[^1].RelativeLoss, stages, [.. runnersUp], shown);
    }

    /// <summary>
    /// The words of a phrase: those of a style's phrase do not name what a single image shows, if there are others.
    /// </summary>
    private List<int> WordsToTry(IReadOnlyList<RankedWord>? ranked, IReadOnlyList<string> shown)
    {
        var ids = ranked?.Select(word => word.Id) ?? words.Keys;
        var tried = ids.Where(id => !shown.Contains(words[id])).Take(ranked is null ? words.Count : candidates);
        return tried.ToList() is { Count: > 0 } some ? some : [.. words.Keys];
    }

    // A pass forward and one back: the second costs about as much as two of the first.
    private static int GradientCost(int examples) => 3 * examples;

    private static T[] Insert<T>(IReadOnlyList<T> phrase, int place, T item) =>
        [.. phrase.Take(place), item, .. phrase.Skip(place)];

    private static int Survivors(int count) => Math.Max(Finalists, count / 4);

    private RankedPhrase Named(Candidate candidate) =>
        new(string.Join(' ', candidate.Ids.Select(id => words[id])), Math.Exp(candidate.Score));

    /// <summary>The examples of the longest search with so many candidates at each place.</summary>
    private int CostOf(int candidates)
    {
        var cost = concept.Prompts.WantsShownWords
            ? AllExamples * Math.Min(words.Count, candidates)
                + (words.Count > candidates ? GradientCost(AllExamples) : 0)
            : 0;
        for (var length = 1; length <= options.VectorCount; length++)
        {
            int[] places = length switch
            {
                1 => [words.Count],
                2 => [words.Count, words.Count],
                _ => [Math.Min(words.Count, WordsInFront), words.Count],
            };
            cost += places.Count(from => from > candidates) * GradientCost(AllExamples);
            cost += CostOfRanking(places.Sum(from => Math.Min(from, candidates)));
        }

        return cost;
    }

    private int CostOfRanking(int count)
    {
        var cost = 0;
        for (var (done, rounds) = (0, 1); done < roundSizes.Count; (done, rounds) = (rounds, NextRounds(rounds)))
        {
            cost += count * roundSizes.Skip(done).Take(rounds - done).Sum();
            count = Survivors(count);
        }

        return cost;
    }

    private int NextRounds(int rounds) => Math.Min(2 * rounds, roundSizes.Count);

    /// <summary>
    /// The phrases with one more word, the best first: successive halving (Jamieson and Talwalkar 2016,
    /// https://arxiv.org/abs/1502.07943) that keeps a quarter after each doubling of the rounds.
    /// </summary>
    /// <param name="phrase">The phrase so far.</param>
    /// <param name="front">The words to try in front of it.</param>
    /// <param name="behind">The words to try behind it.</param>
    /// <param name="count">Receives the number of examples measured.</param>
    private List<Candidate> Rank(
        IReadOnlyList<int> phrase,
        IReadOnlyList<int> front,
        IReadOnlyList<int> behind,
        Action<int> count
    )
    {
        using var examples = new PhraseExamples(model, schedule, concept, options, phrase.Count + 1, withoutPrompts);
        withoutPrompts = examples.WithoutPrompts;
        List<Candidate> survivors = [.. Longer(0, front), .. Longer(phrase.Count, behind)];
        var dropped = new List<Candidate>();
        for (var (done, rounds) = (0, 1); ; (done, rounds) = (rounds, NextRounds(rounds)))
        {
            for (var round = done; round < rounds; round++)
                Measure(survivors, round, examples, count);
            survivors = [.. survivors.OrderBy(candidate => candidate.Score)];
            if (rounds == roundSizes.Count)
                return [.. survivors, .. dropped];
            var kept = Survivors(survivors.Count);
            dropped.InsertRange(0, survivors.Skip(kept));
            survivors = [.. survivors.Take(kept)];
        }

        IEnumerable<Candidate> Longer(int place, IReadOnlyList<int> from) =>
            Best(examples, phrase, place, from, count).Select(id => new Candidate(Insert(phrase, place, id), id));
    }

    private List<string> FindShownWords(IReadOnlyList<RankedWord>? ranked, Action<int> count)
    {
        var prompts = concept.Prompts.WithTemplates(PromptTemplates.For(LearnedProperty.Object));
        var named = concept with { Prompts = prompts };
        using var examples = new PhraseExamples(model, schedule, named, options, length: 1);
        withoutPrompts = examples.WithoutPrompts;
        IReadOnlyList<int> tried = TriesAllWords ? [.. words.Keys] : WordsThatSetApart(ranked, examples, count);
        var shown = new ShownWords(concept.Images.Count, ranked);
        foreach (var round in Enumerable.Range(0, roundSizes.Count))
        {
            var images = examples.ImagesOf(round);
            foreach (var some in tried.Chunk(examples.PhrasesAtOnce(round)))
            {
                var losses = examples.Measure([.. some.Select(id => new[] { id })], round);
                foreach (var (id, own) in some.Zip(losses))
                    shown.Add(words[id], images, own);
                count(losses.Sum(own => own.Count));
            }
        }

        return [.. shown.Best().Select(word => word ?? "")];
    }

    /// <summary>By CLIP, or else by the first-order estimates of the loss.</summary>
    private List<int> WordsThatSetApart(IReadOnlyList<RankedWord>? ranked, PhraseExamples examples, Action<int> count)
    {
        var misfits = ranked is null ? examples.EstimatesOfEachImage() : ShownWords.Misfits(ranked);
        if (ranked is null)
            count(GradientCost(AllExamples));
        return ShownWords.SetApart(misfits, words.Keys, candidates);
    }

    private static void Measure(List<Candidate> candidates, int round, PhraseExamples examples, Action<int> count)
    {
        foreach (var some in candidates.Chunk(examples.PhrasesAtOnce(round)))
        {
            var losses = examples.Measure([.. some.Select(candidate => candidate.Ids)], round);
            foreach (var (candidate, own) in some.Zip(losses))
                candidate.Add(own);
            count(losses.Sum(own => own.Count));
        }
    }

    /// <summary>The words to try at a place.</summary>
    private IEnumerable<int> Best(
        PhraseExamples examples,
        IReadOnlyList<int> phrase,
        int place,
        IReadOnlyList<int> from,
        Action<int> count
    )
    {
        if (from.Count <= candidates)
            return from;
        var estimates = examples.Estimates(Insert([.. phrase.Select(id => (int?)id)], place, null), place);
        count(GradientCost(AllExamples));
        return from.OrderBy(id => estimates[id]).ThenBy(id => id).Take(candidates);
    }

    /// <param name="ids">The token ids of the phrase's words.</param>
    /// <param name="added">The id that was added last.</param>
    private sealed class Candidate(IReadOnlyList<int> ids, int added)
    {
        private readonly List<double> gains = [];

        public IReadOnlyList<int> Ids => ids;

        public int Added => added;

        /// <summary>The rounds that were measured.</summary>
        public int Rounds { get; private set; }

        /// <summary>The mean over the examples measured so far, see <see cref="PhraseExamples.Measure"/>.</summary>
        public double Score => gains.Average() is var mean && double.IsFinite(mean) ? mean : double.PositiveInfinity;

        /// <summary>Adds the examples of the next round.</summary>
        public void Add(IReadOnlyList<double> round)
        {
            gains.AddRange(round);
            Rounds++;
        }
    }
}
