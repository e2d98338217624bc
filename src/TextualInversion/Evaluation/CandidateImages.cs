namespace TextualInversion.Evaluation;

/// <summary>A generated image.</summary>
/// <param name="Prompt">The full prompt.</param>
/// <param name="Seed">The seed of its noise.</param>
/// <param name="Path">Its file in the cache.</param>
/// <param name="Embedding">CLIP's embedding of the image, of length 1.</param>
internal sealed record ScoredImage(string Prompt, ulong Seed, string Path, float[] Embedding);

/// <summary>All images of one candidate. Each prompt has one image for each seed, in the same order.</summary>
/// <param name="Bare">The images of the bare prompt, which names nothing but the candidate.</param>
/// <param name="Edits">The images of each edit prompt.</param>
internal sealed record CandidateImages(IReadOnlyList<ScoredImage> Bare, IReadOnlyList<IReadOnlyList<ScoredImage>> Edits)
{
    public IReadOnlyList<ScoredImage> All => [.. Bare, .. Edits.SelectMany(images => images)];

    /// <summary>For each seed: the mean cosine between its bare image and the training images.</summary>
    public IReadOnlyList<double> ImageSimilarity(IReadOnlyList<float[]> trainingImages) =>
        [.. Bare.Select(image => trainingImages.Average(other => ClipScorer.Cosine(image.Embedding, other)))];

    /// <summary>For each seed: the mean cosine between the image of an edit prompt and the prompt's text.</summary>
    /// <param name="texts">The embeddings of the edit prompts.</param>
    public IReadOnlyList<double> TextSimilarity(IReadOnlyList<float[]> texts) =>
        MeanBySeed(texts, (prompt, seed) => Edits[prompt][seed]);

    /// <summary>The same for the bare images: the text similarity of images that ignore the edit prompts.</summary>
    public IReadOnlyList<double> TextSimilarityOfBare(IReadOnlyList<float[]> texts) =>
        MeanBySeed(texts, (_, seed) => Bare[seed]);

    /// <summary>
    /// For each seed: how much closer the image of an edit prompt is to the prompt's text than the bare image.
    /// </summary>
    public IReadOnlyList<double> PromptEffect(int prompt, float[] text)
    {
        double Gain(ScoredImage edited, ScoredImage bare) =>
            ClipScorer.Cosine(edited.Embedding, text) - ClipScorer.Cosine(bare.Embedding, text);
        return [.. Edits[prompt].Zip(Bare, Gain)];
    }

    /// <summary>The mean cosine between bare images of different seeds.</summary>
    public double SimilarityAcrossSeeds() => MeanPairwiseSimilarity([.. Bare.Select(image => image.Embedding)]);

    /// <summary>The mean cosine between these bare images and others of the same seeds.</summary>
    public double SimilarityTo(IReadOnlyList<ScoredImage> others) =>
        Bare.Zip(others, (image, other) => ClipScorer.Cosine(image.Embedding, other.Embedding)).Average();

    /// <summary>The mean cosine of all pairs of at least two embeddings.</summary>
    public static double MeanPairwiseSimilarity(IReadOnlyList<float[]> embeddings) =>
        PairwiseSimilarities(embeddings).Average();

    /// <summary>The cosines of all pairs.</summary>
    public static IEnumerable<double> PairwiseSimilarities(IReadOnlyList<float[]> embeddings) =>
        from i in Enumerable.Range(0, embeddings.Count)
        from j in Enumerable.Range(0, i)
        select ClipScorer.Cosine(embeddings[i], embeddings[j]);

    private double[] MeanBySeed(IReadOnlyList<float[]> texts, Func<int, int, ScoredImage> imageOf)
    {
        double Mean(int seed) =>
            texts.Index().Average(text => ClipScorer.Cosine(imageOf(text.Index, seed).Embedding, text.Item));
        return [.. Enumerable.Range(0, Bare.Count).Select(Mean)];
    }
}
