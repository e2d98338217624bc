using System.CommandLine;

namespace TextualInversion.Cli.Commands;

/// <summary>A command with what its help page shows: options in groups, most used first, and examples that run as they stand.</summary>
internal abstract class Documented(string name, string description) : Command(name, description)
{
    private readonly List<(string Title, Option[] Options)> groups = [];

    public IReadOnlyList<(string Title, Option[] Options)> Groups => groups;

    public abstract IReadOnlyList<string> Examples { get; }

    /// <summary>As it is typed behind <c>ti</c>, such as <c>models get</c>.</summary>
    public string FullName => Parents.OfType<Documented>().FirstOrDefault() is { } parent ? $"{parent.FullName} {Name}" : Name;

    protected void AddGroup(string title, params Option[] options)
    {
        groups.Add((title, options));
        foreach (var option in options) Options.Add(option);
    }
}
