using System.Numerics;
using TextualInversion.Models;
using TextualInversion.Models.Tokenizers;
using TextualInversion.Native;
using TextualInversion.Schedulers;
using TextualInversion.Training.Data;
using TextualInversion.Training.Stopping;
using static TorchSharp.torch;

namespace TextualInversion.Training.Initializers;

/// <summary>
/// Measures phrases of one length: the rows of a phrase's tokens take the place of the placeholder token. A null in a
/// phrase is the neutral row, the mean of the vocabulary. The examples come in rounds, so that poor phrases are dropped
/// after a few; each round covers several images and timesteps.
/// </summary>
internal sealed class PhraseExamples : IDisposable
{
    private const int FewestInRound = 4,
        MostInRound = 8;

    // With little noise the image itself says what to predict; text decides at the noisier timesteps (Balaji et al.
    // 2022, "eDiff-I", https://arxiv.org/abs/2211.01324, figure 3).
    private const double SmallestTimestep = 0.25;

    // A pass forward alone takes less than half of the memory of a training step. Small latents are computed faster in
    // larger batches: as many as have the cells of an image of 1024 x 1024 pixels.
    private const int BatchFactor = 2,
        CellsAtOnce = 128 * 128;

    private readonly IDiffusionModel model;
    private readonly NoiseSchedule schedule;
    private readonly TrainOptions options;
    private readonly FixedExamples source;
    private readonly List<FixedExample> chosen;
    private readonly List<FixedExample[]> inRounds;
    private readonly List<List<TrainingBatch>> rounds;
    private readonly Learner learner;
    private readonly int length;

    /// <param name="model">The frozen model.</param>
    /// <param name="schedule">Its noise schedule.</param>
    /// <param name="concept">The images and prompts.</param>
    /// <param name="options">The batch size.</param>
    /// <param name="length">The number of tokens of a phrase, at least 1.</param>
    /// <param name="withoutPrompts">
    /// <see cref="WithoutPrompts"/> of the same concept's phrases of another length, or null to measure.
    /// </param>
    public PhraseExamples(
        IDiffusionModel model,
        NoiseSchedule schedule,
        Concept concept,
        TrainOptions options,
        int length,
        IReadOnlyList<List<double>>? withoutPrompts = null
    )
    {
        (this.model, this.schedule, this.length) = (model, schedule, length);
        this.options = options with
        {
            Optimizer = OptimizerKind.AdamW,
            KeepNorm = NormConstraint.None,
            LossWeighting = LossWeighting.None,
            GradientAccumulationSteps = 1,
            EmaDecay = 0,
        };
        using var scope = NewDisposeScope();
        learner = NewLearner([.. Enumerable.Repeat<int?>(null, length)]);
        var placeholder = Placeholder.Parse(concept.Placeholders[0].Name, length);
        var tokenizers = new PromptTokenizers(model.Tokenizers, [placeholder]);
        source = new FixedExamples(concept.Images, concept.Prompts, tokenizers);
        chosen = Choose(concept, schedule);
        inRounds = [.. InRounds(chosen, concept.Images.Learned.Count)];
        rounds = [.. inRounds.Select(round => source.InBatches(round, BatchFactor * options.BatchSize).ToList())];
        WithoutPrompts =
            withoutPrompts
            ??
            [
                .. rounds.Select(round =>
                    round.SelectMany(batch => learner.EvaluateEach(source.WithoutPrompts(batch), learner.Rows)).ToList()
                ),
            ];
    }

    /// <summary>The loss of each example of each round with an empty prompt, the same for any length.</summary>
    public IReadOnlyList<List<double>> WithoutPrompts { get; }

    /// <summary>The number of examples of each round of a concept.</summary>
    public static List<int> RoundSizes(Concept concept, NoiseSchedule schedule) =>
        [.. InRounds(Choose(concept, schedule), concept.Images.Learned.Count).Select(round => round.Length)];

    /// <summary>The number of the image of each example of a round, in the order of <see cref="Measure"/>.</summary>
    /// <param name="round">The round, from 0.</param>
    public IReadOnlyList<int> ImagesOf(int round) =>
        [.. source.Ordered(inRounds[round]).Select(example => example.Image)];

    /// <summary>How many phrases are best measured at once.</summary>
    /// <param name="round">The round, from 0.</param>
    public int PhrasesAtOnce(int round) =>
        (int)
            Math.Max(
                1,
                rounds[round]
                    .Min(batch =>
                        CellsAtOnce / (batch.Latents.shape[0] * batch.Latents.shape[2] * batch.Latents.shape[3])
                    )
            );

    /// <summary>
    /// For each phrase the logarithm of each example's loss, relative to its loss with an empty prompt. Timesteps,
    /// whose losses differ by more than ten times, then count alike.
    /// </summary>
    /// <param name="phrases">Token ids. All phrases are measured at once.</param>
    /// <param name="round">The round, from 0.</param>
    public IReadOnlyList<List<double>> Measure(IReadOnlyList<IReadOnlyList<int>> phrases, int round)
    {
        using var scope = NewDisposeScope();
        var rows = phrases.Select(phrase => Rows([.. phrase.Select(id => (int?)id)])).ToList();
        var together = Enumerable
            .Range(0, model.Vocabularies.Count)
            .Select(encoder => cat([.. rows.Select(own => own[encoder])], dim: 0)) // (phrases x length, d)
            .ToList();
        return MeasureRows(together, phrases.Count, round);
    }

    /// <summary>The mean of <see cref="Measure"/> over all rounds, for any rows.</summary>
    /// <param name="rows">(length, d) for each text encoder.</param>
    internal double Score(IReadOnlyList<Tensor> rows) =>
        Enumerable.Range(0, rounds.Count).SelectMany(round => MeasureRows(rows, phrases: 1, round)[0]).Average();

    /// <summary>
    /// First-order estimates of the mean of <see cref="Measure"/> over all examples, up to a constant, for each token
    /// of the vocabulary at one place of a phrase: V values at the cost of one pass forward and back (as in Shin et al.
    /// 2020, "AutoPrompt", https://arxiv.org/abs/2010.15980, section 2.2).
    /// </summary>
    /// <param name="phrase">Token ids; the gradient is taken at these rows.</param>
    /// <param name="place">The place, from 0.</param>
    public double[] Estimates(IReadOnlyList<int?> phrase, int place) => Estimates(phrase, place, chosen);

    /// <summary>The same for one neutral word, for each image that is measured.</summary>
    public IReadOnlyList<double[]> EstimatesOfEachImage() =>
        [.. chosen.GroupBy(example => example.Image).Select(image => Estimates([null], place: 0, [.. image]))];

    public void Dispose()
    {
        learner.Dispose();
        foreach (var batch in rounds.SelectMany(round => round))
            batch.Dispose();
    }

    private double[] Estimates(IReadOnlyList<int?> phrase, int place, List<FixedExample> examples)
    {
        using var scope = NewDisposeScope();
        using var at = NewLearner(phrase);
        foreach (var batch in source.InBatches(examples, options.BatchSize))
        {
            using (batch)
                AddGradient(at, batch, examples.Count);
        }

        using var noGrad = no_grad();
        var slopes = at.Gradients.Zip(
            model.Vocabularies,
            (gradient, vocabulary) => vocabulary.mm(gradient.narrow(0, place, 1).t()).squeeze(1)
        ); // (V) for each text encoder
        var total = stack(slopes).sum([0]);
        return [.. HostCopy.Floats(total).Select(slope => (double)slope)];
    }

    private static List<FixedExample> Choose(Concept concept, NoiseSchedule schedule)
    {
        var steps = schedule.Config.NumTrainTimesteps;
        var all = FixedExamples.Choose(concept.Images.Learned, steps);
        return [.. all.Where(example => example.Timestep >= SmallestTimestep * steps)];
    }

    /// <summary>
    /// Rounds in which each image comes equally often, each time at another part of the schedule. Each example is in
    /// one round.
    /// </summary>
    /// <param name="examples">The examples, ordered by level, then by image.</param>
    /// <param name="images">The number of images.</param>
    internal static IEnumerable<FixedExample[]> InRounds(IReadOnlyList<FixedExample> examples, int images)
    {
        var count = Math.Min(images, examples.Count);
        var isSmall = count < FewestInRound; // each round has images several times: at levels that are far apart
        var size = isSmall ? (FewestInRound + count - 1) / count * count : Math.Min(count, MostInRound);
        return Enumerable.Range(0, examples.Count).Select(Example).Chunk(size);

        FixedExample Example(int number)
        {
            var image = number % count;
            var levels = (examples.Count - image + count - 1) / count; // of this image, which may have one more
            var stride = isSmall ? Stride(levels) : 1;
            return examples[(number / count * stride + image) % levels * count + image];
        }
    }

    /// <summary>A step between levels that visits each once and spreads them, near the golden section.</summary>
    private static int Stride(int levels) =>
        Enumerable
            .Range(1, levels)
            .Where(stride => BigInteger.GreatestCommonDivisor(stride, levels).IsOne)
            .MinBy(stride => Math.Abs(stride - levels * 0.618));

    /// <param name="rows">For each text encoder the rows of all phrases, (phrases x length, d).</param>
    /// <param name="phrases">The number of phrases.</param>
    /// <param name="round">The round, from 0.</param>
    private List<double>[] MeasureRows(IReadOnlyList<Tensor> rows, int phrases, int round)
    {
        var gains = Enumerable.Range(0, phrases).Select(_ => new List<double>()).ToArray();
        foreach (var batch in rounds[round])
        {
            using var repeated = Repeated(batch, phrases);
            var losses = learner.EvaluateEach(repeated, rows);
            var first = gains[0].Count;
            foreach (var (own, some) in gains.Zip(losses.Chunk(losses.Length / phrases)))
                own.AddRange(some.Select((loss, i) => Math.Log(loss / WithoutPrompts[round][first + i])));
        }

        return gains;
    }

    /// <summary>A batch once for each of several phrases, whose rows follow each other.</summary>
    private TrainingBatch Repeated(TrainingBatch batch, int phrases)
    {
        using var scope = NewDisposeScope();
        return new TrainingBatch(
            batch.Latents.repeat(phrases, 1, 1, 1).DetachFromDisposeScope(),
            batch.Noise.repeat(phrases, 1, 1, 1).DetachFromDisposeScope(),
            [.. Enumerable.Repeat(batch.Timesteps, phrases).SelectMany(each => each)],
            [
                .. batch.Prompts.Zip(
                    model.Tokenizers,
                    (prompts, tokenizer) => prompts.Repeated(phrases, tokenizer.VocabularySize, length)
                ),
            ],
            [.. Enumerable.Repeat(batch.Sizes, phrases).SelectMany(each => each)]
        )
        {
            Mask = batch.Mask?.repeat(phrases, 1, 1).DetachFromDisposeScope(),
        };
    }

    private static void AddGradient(Learner at, TrainingBatch batch, int examples)
    {
        using var scope = NewDisposeScope();
        at.Backward(at.ForwardEach(batch).log().sum().DividedBy(examples));
    }

    private Learner NewLearner(IReadOnlyList<int?> phrase) => new(model, schedule, Rows(phrase), options);

    /// <summary>(length, d) for each text encoder; their vocabularies have the same ids.</summary>
    private List<Tensor> Rows(IReadOnlyList<int?> phrase) =>
        [
            .. model.Vocabularies.Select(vocabulary =>
                stack(phrase.Select(id => id is { } token ? vocabulary[token] : Initializer.NeutralRow(vocabulary)))
            ),
        ];
}
