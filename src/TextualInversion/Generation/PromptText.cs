namespace TextualInversion.Generation;

/// <summary>Checks that a text can be a prompt.</summary>
internal static class PromptText
{
    /// <summary>The largest number of characters: some hundred times what a text encoder takes at once.</summary>
    public const int MaxLength = 20_000;

    /// <summary>Refuses a prompt that cannot be stored in an image or would take minutes to read.</summary>
    /// <param name="text">The prompt.</param>
    /// <param name="source">The origin of the prompt, for the message.</param>
    /// <exception cref="TextualInversionException">
    /// The prompt is too long, or has a NUL or a lone surrogate.
    /// </exception>
    public static void Validate(string text, string source)
    {
        if (text.Length > MaxLength)
            throw new TextualInversionException(
                $"{source}: the prompt has {text.Length} characters; use at most {MaxLength}."
            );
        if (text.Contains('\0'))
            throw new TextualInversionException($"{source}: the prompt contains a NUL character; remove it.");
        if (HasLoneSurrogate(text))
            throw new TextualInversionException(
                $"{source}: the prompt contains half a character (a lone surrogate); remove it."
            );
        PromptSchedule.RequireShallow(text);
    }

    private static bool HasLoneSurrogate(string text)
    {
        for (var i = 0; i < text.Length; i++)
        {
            if (!char.IsSurrogate(text[i]))
                continue;
            if (i + 1 == text.Length || !char.IsSurrogatePair(text[i], text[i + 1]))
                return true;
            i++;
        }

        return false;
    }
}
