using TextualInversion.Data;

namespace TextualInversion.Training.Initializers;

/// <summary>
/// Chooses a word for what each image of a style shows. Words that fit all images describe the style, so an image's
/// word is the one that lowers the loss of this image most, compared with that of the other images. Prompts then name
/// it, as captions do, and the vectors explain what is left.
/// </summary>
/// <param name="images">The number of images.</param>
internal sealed class ShownWords(int images)
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
    public IReadOnlyList<string?> Best() => [.. Enumerable.Range(0, images).Select(Best)];

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

    private string? Best(int image)
    {
        var best = losses
            .Select(pair => (pair.Key, Gain: Gain(pair.Value, image)))
            .Where(word => word.Gain < Math.Log(1 - SmallestGain))
            .OrderBy(word => word.Gain)
            .ThenBy(word => word.Key, StringComparer.Ordinal)
            .FirstOrDefault();
        return best.Key;
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
