using TextualInversion.Data;

namespace TextualInversion.Training.Data;

/// <summary>
/// Varies captions that are lists of tags, such as <c>{}, sitting, on a mat</c>, so that neither the order nor the
/// presence of a tag is learned. kohya's scripts call this <c>shuffle_caption</c>, <c>caption_tag_dropout_rate</c> and
/// <c>keep_tokens</c>.
/// </summary>
internal static class CaptionTags
{
    private const string Separator = ", ";

    /// <param name="caption">A caption.</param>
    /// <param name="options">
    /// What to vary. The first <see cref="TrainOptions.KeepTags"/> tags are neither moved nor dropped.
    /// </param>
    /// <param name="random">The source of randomness.</param>
    /// <param name="marks">Texts whose tags are never dropped. Default: null, for <c>{}</c> alone.</param>
    public static string Vary(
        string caption,
        TrainOptions options,
        StepRandom random,
        IReadOnlyList<string>? marks = null
    )
    {
        if (!options.ShuffleTags && options.DropTags == 0)
            return caption;
        var tags = caption.Split(',').Select(tag => tag.Trim()).Where(tag => tag.Length > 0).ToList();
        var kept = tags.Take(options.KeepTags);
        var free = tags.Skip(options.KeepTags)
            .Where(tag =>
                options.DropTags == 0
                || random.Uniform() >= options.DropTags
                || (marks ?? [PromptTemplates.Slot]).Any(mark => tag.Contains(mark, StringComparison.Ordinal))
            )
            .ToList();
        var order = options.ShuffleTags ? random.Permutation(free.Count) : [.. Enumerable.Range(0, free.Count)];
        return string.Join(Separator, kept.Concat(order.Select(index => free[index])));
    }
}
