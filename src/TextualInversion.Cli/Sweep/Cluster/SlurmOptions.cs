using System.CommandLine;
using System.CommandLine.Parsing;
using TextualInversion.Cli.Infrastructure;

namespace TextualInversion.Cli.Sweep.Cluster;

/// <summary>The options of <c>ti sweep submit</c> that become lines of the batch script.</summary>
internal sealed class SlurmOptions
{
    private readonly OneWordOption partition = new("--partition")
    {
        HelpName = "NAME",
        Description = "Slurm's partition. Default: the cluster's.",
    };
    private readonly OneWordOption gres = new("--gres")
    {
        HelpName = "TEXT",
        Description = "What each task needs, such as gpu:1. Default: nothing.",
    };
    private readonly OneWordOption time = new("--time")
    {
        HelpName = "TIME",
        Description =
            "The time limit of a task, such as 4:00:00. A task that reaches it saves its state and is queued again. "
            + "Default: the partition's.",
    };
    private readonly Option<string?> more = new("--sbatch")
    {
        HelpName = "TEXT",
        Description = "More options of sbatch, such as \"--account=lab --mem=16G\".",
    };

    public Option[] All => [partition, gres, time, more];

    /// <summary>The <c>#SBATCH</c> lines.</summary>
    /// <exception cref="UsageException">A value cannot be one.</exception>
    public IReadOnlyList<string> Lines(ParseResult parsed) =>
        [
            .. new[] { partition, gres, time }
                .Where(option => parsed.GetValue(option) is not null)
                .Select(option => $"{option.Name}={parsed.GetValue(option)}"),
            .. More(parsed.GetValue(more) ?? ""),
        ];

    /// <summary>Each option with its value: "--account lab --mem=16G" becomes two lines.</summary>
    private List<string> More(string text)
    {
        var lines = new List<string>();
        foreach (var word in CommandLineParser.SplitCommandLine(text))
        {
            if (word.Length == 0 || word.Any(char.IsControl) || (lines.Count == 0 && word[0] != '-'))
                throw new UsageException($"{more.Name} \"{text}\": write options of sbatch, such as --mem=16G.");
            if (word[0] == '-')
                lines.Add(word);
            else
                lines[^1] += $" {word}";
        }

        return lines;
    }
}
