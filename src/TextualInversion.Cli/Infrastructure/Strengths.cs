namespace TextualInversion.Cli.Infrastructure;

/// <summary>
/// Strengths of LoRAs and embeddings. People use -2 to 2; the weights of a model overflow long before the limit's
/// square.
/// </summary>
internal static class Strengths
{
    private const double Most = 100; // and -100 at least

    /// <summary>Reads a strength, from -100 to 100.</summary>
    /// <inheritdoc cref="Numbers.TryParse"/>
    public static bool TryParse(string text, out double number, out string problem)
    {
        if (!Numbers.TryParse(text, out number, out problem))
            return false;
        if (Math.Abs(number) <= Most)
            return true;
        problem = Numbers.Range<double>(-Most, Most);
        return false;
    }
}
