namespace TextualInversion;

/// <summary>Whether an embedding is for a model's text encoders.</summary>
internal static class EmbeddingWidths
{
    /// <param name="token">The embedding's placeholder token.</param>
    /// <param name="own">The width of its vectors for each text encoder.</param>
    /// <param name="model">The width of each of the model's text encoders.</param>
    /// <param name="baseModel">The model that it was trained on, or null if that is not known.</param>
    /// <exception cref="TextualInversionException">The widths differ.</exception>
    public static void Require(string token, IReadOnlyList<long> own, IReadOnlyList<long> model, string? baseModel)
    {
        if (own.SequenceEqual(model))
            return;
        var name = baseModel is null ? "" : $" ({baseModel})";
        throw new TextualInversionException(
            $"{token}: its vectors are {Text(own)} wide and the model's {Text(model)}; "
                + $"it was trained on another kind of model{name}."
        );
    }

    private static string Text(IReadOnlyList<long> widths) => string.Join(" and ", widths);
}
