namespace TextualInversion;

/// <summary>How far a typed name is from a known one, to propose the nearest.</summary>
internal static class EditDistance
{
    /// <summary>
    /// Levenshtein's distance: the insertions, deletions and replacements of characters that make one text the other.
    /// </summary>
    public static int Between(string first, string second)
    {
        // From the part of first seen so far to each beginning of second
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
