namespace TextualInversion.Evaluation;

/// <summary>A sign of trouble.</summary>
public enum SignKind
{
    /// <summary>The word is no more like the given pictures than the initializer's word is.</summary>
    LearnedNothing,

    /// <summary>With the word, pictures are those without it or those of the initializer's word.</summary>
    WordChangesNothing,

    /// <summary>Pictures of different seeds are too alike.</summary>
    SeedsAlike,

    /// <summary>A picture is too near one given picture: its background or pose is copied.</summary>
    CopiesPicture,

    /// <summary>A prompt that works with the initializer's word changes nothing with this one.</summary>
    PromptChangesNothing,
}

/// <summary>A sign of trouble with what was measured.</summary>
/// <param name="Kind">which</param>
/// <param name="Value">what was measured</param>
/// <param name="Limit">from where on it is a sign</param>
/// <param name="Text">all of this for people</param>
public sealed record Sign(SignKind Kind, double Value, double Limit, string Text);

/// <summary>The scores of one candidate.</summary>
/// <param name="Name">the candidate's</param>
/// <param name="Likeness">mean cosine between each bare picture and each given one</param>
/// <param name="Obedience">mean cosine between the edit prompts' pictures and their texts without the placeholder</param>
/// <param name="LikenessGain">over the baseline, seed by seed</param>
/// <param name="ObedienceGain">over the baseline, seed by seed; mostly below zero</param>
/// <param name="Signs">of trouble</param>
/// <param name="Pictures">all that were painted</param>
public sealed record EvaluationRow(
    string Name,
    Estimate Likeness,
    Estimate Obedience,
    Estimate LikenessGain,
    Estimate ObedienceGain,
    IReadOnlyList<Sign> Signs,
    IReadOnlyList<ScoredPicture> Pictures
);

/// <summary>The scores of all that was compared, and the scale to read them on.</summary>
/// <param name="Rows">in the order of the candidates</param>
/// <param name="Baseline">the initializer's word: the floor of likeness, the ceiling of obedience</param>
/// <param name="Ceiling">of likeness: the mean cosine between two given pictures; null where there is one</param>
/// <param name="Floor">of obedience: of the baseline's bare pictures, to which no edit prompt was said</param>
/// <param name="Choice">what to keep</param>
public sealed record EvaluationResult(
    IReadOnlyList<EvaluationRow> Rows,
    EvaluationRow Baseline,
    double? Ceiling,
    double Floor,
    Choice Choice
);
