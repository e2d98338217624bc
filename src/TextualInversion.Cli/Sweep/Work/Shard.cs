using System.CommandLine.Parsing;
using System.Globalization;

namespace TextualInversion.Cli.Sweep.Work;

/// <summary>Every Nth cell, for workers that a scheduler numbers.</summary>
/// <param name="Index">The number of the share, counted from 0.</param>
/// <param name="Count">The number of shares.</param>
internal sealed record Shard(int Index, int Count)
{
    // The number of a task, as schedulers say it: Slurm's job arrays, and Kubernetes' Indexed Jobs.
    private static readonly string[] Variables = ["SLURM_ARRAY_TASK_ID", "JOB_COMPLETION_INDEX"];

    /// <param name="result">K/N, or auto/N for the number of the scheduler's task.</param>
    /// <param name="variable">Gives the value of an environment variable.</param>
    public static Shard? Parse(ArgumentResult result, Func<string, string?> variable)
    {
        var text = result.Tokens.SingleOrDefault()?.Value ?? "";
        var typed = text.Split('/');
        if (typed is ["auto", _])
            typed[0] = Variables.Select(variable).FirstOrDefault(value => value is { Length: > 0 }) ?? typed[0];
        if (
            typed is [var index, var count]
            && int.TryParse(index, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            && int.TryParse(count, NumberStyles.None, CultureInfo.InvariantCulture, out var all)
            && number < all
        )
            return new Shard(number, all);
        result.AddError(
            typed[0] == "auto"
                ? $"--shard {text}: neither {string.Join(" nor ", Variables)} is set; write K/N, such as 0/4."
                : $"--shard {string.Join('/', typed)}: write K/N with K from 0 to N - 1, such as 0/4."
        );
        return null;
    }

    public IReadOnlyList<T> Of<T>(IReadOnlyList<T> all) => [.. all.Where((_, number) => number % Count == Index)];
}
