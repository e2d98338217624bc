namespace TextualInversion.Evaluation;

/// <summary>A sign of trouble.</summary>
internal enum DiagnosticKind
{
    /// <summary>The word is no more like the given images than the initializer's word is.</summary>
    LearnedNothing,

    /// <summary>With the word, images are those without it or those of the initializer's word.</summary>
    WordChangesNothing,

    /// <summary>Images of different seeds are too alike.</summary>
    SeedsAlike,

    /// <summary>An image is too near one given image: its background or pose is copied.</summary>
    CopiesImage,

    /// <summary>A prompt that works with the initializer's word changes nothing with this one.</summary>
    PromptChangesNothing,
}

/// <summary>A sign of trouble with what was measured.</summary>
/// <param name="Kind">which</param>
/// <param name="Value">what was measured</param>
/// <param name="Limit">from where on it is a sign</param>
/// <param name="Text">all of this for people</param>
internal sealed record Diagnostic(DiagnosticKind Kind, double Value, double Limit, string Text);

/// <summary>The scores of one candidate.</summary>
/// <param name="Name">the candidate's</param>
/// <param name="ImageSimilarity">mean cosine between each bare image and each given one</param>
/// <param name="TextSimilarity">mean cosine between the edit prompts' images and their texts without the placeholder</param>
/// <param name="LikenessGain">over the baseline, seed by seed</param>
/// <param name="ObedienceGain">over the baseline, seed by seed; mostly below zero</param>
/// <param name="Signs">of trouble</param>
/// <param name="Images">all that were painted</param>
internal sealed record EvaluationRow(
    string Name,
    Estimate ImageSimilarity,
    Estimate TextSimilarity,
    Estimate LikenessGain,
    Estimate ObedienceGain,
    IReadOnlyList<Diagnostic> Signs,
    IReadOnlyList<ScoredImage> Images
);

/// <summary>The scores of all that was compared, and the scale to read them on.</summary>
/// <param name="Rows">in the order of the candidates</param>
/// <param name="Baseline">the initializer's word: the floor of imageSimilarity, the ceiling of obedience</param>
/// <param name="Ceiling">of likeness: the mean cosine between two given images; null where there is one</param>
/// <param name="Floor">of obedience: of the baseline's bare images, to which no edit prompt was said</param>
/// <param name="Choice">what to keep</param>
internal sealed record EvaluationResult(
    IReadOnlyList<EvaluationRow> Rows,
    EvaluationRow Baseline,
    double? Ceiling,
    double Floor,
    Choice Choice
);
