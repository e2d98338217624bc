using TextualInversion.Data;

namespace TextualInversion.Training.Data;

/// <summary>
/// Descriptions that are lists, <c>{}, sitting, on a mat</c>, in which neither order nor presence of a tag should be
/// learned: what kohya's scripts call
/// <c>shuffle_caption</c>, <c>caption_tag_dropout_rate</c> and <c>keep_tokens</c>.
/// </summary>
internal static class CaptionTags
{
    private const string Separator = ", ";

    /// <param name="caption">with <c>{}</c>, whose tag is never left out</param>
    /// <param name="options">what to do; the first <see cref="TrainOptions.KeepTags"/> stay where they are</param>
    /// <param name="random">decides</param>
    public static string Vary(string caption, TrainOptions options, StepRandom random)
    {
        if (!options.ShuffleTags && options.DropTags == 0)
            return caption;
        var tags = caption.Split(',').Select(tag => tag.Trim()).Where(tag => tag.Length > 0).ToList();
        var kept = tags.Take(options.KeepTags);
        var free = tags.Skip(options.KeepTags)
            .Where(tag =>
                options.DropTags == 0
                || random.Uniform() >= options.DropTags
                || tag.Contains(PromptTemplates.Slot, StringComparison.Ordinal)
            )
            .ToList();
        var order = options.ShuffleTags ? random.Permutation(free.Count) : [.. Enumerable.Range(0, free.Count)];
        return string.Join(Separator, kept.Concat(order.Select(index => free[index])));
    }
}
