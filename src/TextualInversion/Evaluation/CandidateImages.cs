namespace TextualInversion.Evaluation;

/// <summary>An image that was painted.</summary>
/// <param name="Prompt">in full</param>
/// <param name="Seed">of its noise</param>
/// <param name="Path">in the cache</param>
/// <param name="Embedding">CLIP's, of length 1</param>
internal sealed record ScoredImage(string Prompt, ulong Seed, string Path, float[] Embedding);

/// <summary>All images of one candidate, of each prompt those of the same seeds in the same order.</summary>
/// <param name="Bare">of the bare prompt</param>
/// <param name="Edits">of each edit prompt</param>
internal sealed record CandidateImages(IReadOnlyList<ScoredImage> Bare, IReadOnlyList<IReadOnlyList<ScoredImage>> Edits)
{
    public IReadOnlyList<ScoredImage> All => [.. Bare, .. Edits.SelectMany(images => images)];

    /// <summary>For each seed: the mean cosine between its bare image and the given ones.</summary>
    public IReadOnlyList<double> ImageSimilarity(IReadOnlyList<float[]> given) =>
        [.. Bare.Select(image => given.Average(other => ClipScorer.Cosine(image.Embedding, other)))];

    /// <summary>For each seed: the mean over the edit prompts of the cosine between image and text.</summary>
    /// <param name="texts">the edit prompts' embeddings</param>
    public IReadOnlyList<double> TextSimilarity(IReadOnlyList<float[]> texts) =>
        MeanBySeed(texts, (prompt, seed) => Edits[prompt][seed]);

    /// <summary>The same for the bare images: what a word reaches under which prompts change nothing.</summary>
    public IReadOnlyList<double> ObedienceOfBare(IReadOnlyList<float[]> texts) =>
        MeanBySeed(texts, (_, seed) => Bare[seed]);

    /// <summary>For each seed: how much nearer to an edit prompt's text its image is than the bare one.</summary>
    public IReadOnlyList<double> Effect(int prompt, float[] text) =>
        [
            .. Edits[prompt]
                .Zip(
                    Bare,
                    (edited, bare) =>
                        ClipScorer.Cosine(edited.Embedding, text) - ClipScorer.Cosine(bare.Embedding, text)
                ),
        ];

    /// <summary>The mean cosine between bare images of different seeds.</summary>
    public double SeedsAlike() => MeanOfPairs([.. Bare.Select(image => image.Embedding)]);

    /// <summary>The mean cosine between the bare images of both, seed by seed.</summary>
    public double AlikeTo(IReadOnlyList<ScoredImage> others) =>
        Bare.Zip(others, (image, other) => ClipScorer.Cosine(image.Embedding, other.Embedding)).Average();

    /// <summary>The mean cosine of all pairs; there are at least two members.</summary>
    public static double MeanOfPairs(IReadOnlyList<float[]> members) => Pairs(members).Average();

    /// <summary>The cosines of all pairs.</summary>
    public static IEnumerable<double> Pairs(IReadOnlyList<float[]> members) =>
        from i in Enumerable.Range(0, members.Count)
        from j in Enumerable.Range(0, i)
        select ClipScorer.Cosine(members[i], members[j]);

    private double[] MeanBySeed(IReadOnlyList<float[]> texts, Func<int, int, ScoredImage> imageOf) =>
        [
            .. Enumerable
                .Range(0, Bare.Count)
                .Select(seed =>
                    texts.Index().Average(text => ClipScorer.Cosine(imageOf(text.Index, seed).Embedding, text.Item))
                ),
        ];
}
