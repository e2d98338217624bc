using System.CommandLine;

namespace TextualInversion.Cli.Infrastructure;

/// <summary>A command with what its help page shows: options in groups, most used first, and examples that run as they stand.</summary>
internal abstract class CommandBase(string name, string description) : Command(name, description)
{
    private readonly List<(string Title, Option[] Options)> groups = [];

    public IReadOnlyList<(string Title, Option[] Options)> Groups => groups;

    public abstract IReadOnlyList<string> Examples { get; }

    /// <summary>Whether the command computes with tensors, so that libtorch is loaded first.</summary>
    public virtual bool UsesTorch => true;

    /// <summary>As it is typed behind <c>ti</c>, such as <c>models get</c>.</summary>
    public string FullName =>
        Parents.OfType<CommandBase>().FirstOrDefault() is { } parent ? $"{parent.FullName} {Name}" : Name;

    /// <summary>An option that takes several values would take a mistyped option for one.</summary>
    protected void RefuseOptionsAmong(Option<string[]> values) =>
        values.Validators.Add(result =>
        {
            if (result.Tokens.FirstOrDefault(given => given.Value.StartsWith('-')) is not { } typed)
                return;
            result.AddError(
                $"Unrecognized option '{typed.Value}'; did you mean {Options.Select(option => option.Name).MinBy(known => EditDistance.Between(known, typed.Value))}?"
            );
        });

    protected void AddGroup(string title, params Option[] options)
    {
        groups.Add((title, options));
        foreach (var option in options)
            Options.Add(option);
    }
}
