namespace TextualInversion;

/// <summary>Compares a mistyped name with known ones, to propose the nearest.</summary>
internal static class EditDistance
{
    /// <summary>
    /// The Levenshtein distance: the number of insertions, deletions and replacements of characters that turn one text
    /// into the other.
    /// </summary>
    public static int Between(string first, string second)
    {
        // From the beginning of first read so far to each beginning of second.
        var distances = Enumerable.Range(0, second.Length + 1).ToArray();
        for (var i = 1; i <= first.Length; i++)
        {
            var diagonal = distances[0];
            distances[0] = i;
            for (var j = 1; j <= second.Length; j++)
            {
                var replaced = diagonal + (first[i - 1] == second[j - 1] ? 0 : 1);
                diagonal = distances[j];
                distances[j] = Math.Min(replaced, Math.Min(distances[j], distances[j - 1]) + 1);
            }
        }

        return distances[^1];
    }
}
