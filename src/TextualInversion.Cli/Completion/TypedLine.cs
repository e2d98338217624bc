using System.Text;

namespace TextualInversion.Cli.Completion;

/// <summary>A command line as it is typed so far.</summary>
/// <param name="Words">The whole words before the cursor, without quotes; the first is the program.</param>
/// <param name="Current">The word at the cursor, without quotes; empty behind a blank.</param>
internal sealed record TypedLine(IReadOnlyList<string> Words, string Current)
{
    /// <summary>Splits a line as a POSIX shell does. A quote may still be open at its end.</summary>
    public static TypedLine Parse(string line)
    {
        var words = new List<string>();
        var word = new StringBuilder();
        var (isInWord, quote) = (false, '\0');
        for (var i = 0; i < line.Length; i++)
        {
            var letter = line[i];
            if (letter == '\\' && quote != '\'' && i + 1 < line.Length && IsEscaped(line[i + 1], quote))
                (isInWord, _) = (true, word.Append(line[++i]));
            else if (letter == quote)
                quote = '\0';
            else if (quote == '\0' && letter is '"' or '\'')
                (isInWord, quote) = (true, letter);
            else if (quote == '\0' && char.IsWhiteSpace(letter))
                EndWord();
            else
                (isInWord, _) = (true, word.Append(letter));
        }

        return new TypedLine(words, word.ToString());

        void EndWord()
        {
            if (isInWord)
                words.Add(word.ToString());
            word.Clear();
            isInWord = false;
        }
    }

    /// <summary>Between double quotes, a backslash stands for itself before most letters.</summary>
    private static bool IsEscaped(char next, char quote) => quote == '\0' || next is '"' or '\\' or '$' or '`';
}
