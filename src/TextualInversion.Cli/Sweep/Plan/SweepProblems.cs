namespace TextualInversion.Cli.Sweep.Plan;

/// <summary>Collects everything that is wrong with a sweep, so that it is said at once.</summary>
/// <param name="source">The file or folder of the sweep.</param>
internal sealed class SweepProblems(string source)
{
    private const int MostShown = 20;
    private readonly List<string> problems = [];

    public void Add(string text) => problems.Add(text);

    /// <param name="path">The file with the problem.</param>
    /// <param name="line">Its line.</param>
    /// <param name="text">The problem.</param>
    public void Add(string path, long line, string text) => problems.Add($"{path}, line {line}: {text}");

    /// <exception cref="TextualInversionException">There is a problem.</exception>
    public void ThrowIfAny()
    {
        var all = problems.Distinct().ToList();
        if (all.Count == 0)
            return;
        if (all.Count == 1)
            throw new TextualInversionException(all[0]);
        var more = all.Count > MostShown ? $"\n  and {all.Count - MostShown} more" : "";
        throw new TextualInversionException(
            $"{source}: {all.Count} problems:\n  {string.Join("\n  ", all.Take(MostShown))}{more}"
        );
    }
}
