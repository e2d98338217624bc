using TextualInversion.Data;

namespace TextualInversion.Training.Initializers;

/// <summary>
/// Chooses a word for what each image of a style shows. Words that fit all images describe the style, so an image's
/// word is the one that lowers the loss of this image most, compared with that of the other images. Where CLIP ranked
/// the words, its cosines count as much, compared in the same way. Prompts then name the word, as captions do, and the
/// vectors explain what is left.
/// </summary>
/// <param name="images">The number of images.</param>
/// <param name="ranked">CLIP's cosines of the words, null without CLIP.</param>
internal sealed class ShownWords(int images, IReadOnlyList<RankedWord>? ranked = null)
{
    // A word must lower the loss of its image by this share more than that of the others.
    private const double SmallestGain = 0.02;

    private readonly Dictionary<string, Losses[]> losses = [];

    /// <summary>Adds measured losses of prompts with a word.</summary>
    /// <param name="word">The word.</param>
    /// <param name="numbers">The image of each example, from 0.</param>
    /// <param name="relative">The logarithm of each example's loss relative to an empty prompt.</param>
    public void Add(string word, IReadOnlyList<int> numbers, IReadOnlyList<double> relative)
    {
        if (!losses.TryGetValue(word, out var own))
            losses.Add(word, own = new Losses[images]);
        foreach (var (image, loss) in numbers.Zip(relative))
            own[image] = new Losses(own[image].Sum + loss, own[image].Count + 1);
    }

    /// <summary>The word of each image, null for an image that was not measured or that no word sets apart.</summary>
    public IReadOnlyList<string?> Best()
    {
        var common = CommonWord();
        return [.. Enumerable.Range(0, images).Select(image => Best(image, common))];
    }

    /// <summary>
    /// The words to try: first the one that fits each image best, compared with the other images, then each one's
    /// second.
    /// </summary>
    /// <param name="misfits">For each image how badly each word fits it, by the word's token id.</param>
    /// <param name="ids">The token ids of the words.</param>
    /// <param name="count">How many to try, at most as many as there are words.</param>
    public static List<int> SetApart(IReadOnlyList<double[]> misfits, IReadOnlyCollection<int> ids, int count)
    {
        var mean = Enumerable.Range(0, misfits[0].Length).Select(id => misfits.Average(own => own[id])).ToList();
        var orders = misfits
            .Select(own => ids.OrderBy(id => own[id] - mean[id]).ThenBy(id => id).Take(count).ToList())
            .ToList();
        return
        [
            .. Enumerable
                .Range(0, count)
                .SelectMany(rank => orders.Select(order => order[rank]))
                .Distinct()
                .Take(count),
        ];
    }

    /// <summary>CLIP's view of how badly each word fits each image: the negative cosine, by the token id.</summary>
    public static IReadOnlyList<double[]> Misfits(IReadOnlyList<RankedWord> ranked)
    {
        var length = ranked.Max(word => word.Id) + 1;
        var misfits = ranked[0].Cosines.Select(_ => new double[length]).ToList();
        foreach (var word in ranked)
        {
            foreach (var (image, cosine) in word.Cosines.Index())
                misfits[image][word.Id] = -cosine;
        }

        return misfits;
    }

    /// <summary>
    /// The word that fits all images best, which names what they share. Null for two images: the word of one of them
    /// may have the lowest mean.
    /// </summary>
    private string? CommonWord() =>
        images > 2
            ? losses
                .Select(pair => (pair.Key, Mean: pair.Value.Where(own => own.Count > 0).Average(own => own.Mean)))
                .Where(word => double.IsFinite(word.Mean))
                .OrderBy(word => word.Mean)
                .FirstOrDefault()
                .Key
            : null;

    private string? Best(int image, string? common)
    {
        var words = losses.Keys.Where(word => double.IsFinite(Gain(losses[word], image))).Order(StringComparer.Ordinal);
        var gains = words.ToDictionary(word => word, word => Gain(losses[word], image));
        var scores = Standardized(gains);
        if (ranked is not null && gains.Count > 0)
        {
            var clip = ranked.Where(word => gains.ContainsKey(word.Word)).ToDictionary(word => word.Word, Misfit);
            foreach (var (word, score) in Standardized(clip))
                scores[word] += score;
        }

        return gains
            .Keys.Where(word => word != common && gains[word] < Math.Log(1 - SmallestGain))
            .MinBy(word => scores[word]);

        double Misfit(RankedWord word) => word.MeanCosine - word.Cosines[image];
    }

    /// <summary>The values in units of their spread, so that different measures can be added.</summary>
    private static Dictionary<string, double> Standardized(Dictionary<string, double> values)
    {
        var mean = values.Values.DefaultIfEmpty().Average();
        var spread = Math.Sqrt(values.Values.Select(value => Math.Pow(value - mean, 2)).DefaultIfEmpty().Average());
        return values.ToDictionary(pair => pair.Key, pair => spread > 0 ? (pair.Value - mean) / spread : 0);
    }

    /// <summary>The difference of the image's mean loss and that of the others; NaN if one was not measured.</summary>
    private static double Gain(Losses[] own, int image)
    {
        var others = own.Where((loss, number) => number != image && loss.Count > 0);
        return own[image].Mean - others.Select(loss => loss.Mean).DefaultIfEmpty(double.NaN).Average();
    }

    private readonly record struct Losses(double Sum, int Count)
    {
        public double Mean => Sum / Count;
    }
}
