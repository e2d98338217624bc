using System.CommandLine;
using System.CommandLine.Parsing;
using System.Text.Json;

namespace TextualInversion.Cli.Infrastructure;

/// <summary>
/// A command with its help page: options in groups, most used first, and examples that run as they stand.
/// </summary>
internal abstract class CommandBase(string name, string description) : Command(name, description)
{
    private readonly List<(string Title, Option[] Options)> groups = [];

    public IReadOnlyList<(string Title, Option[] Options)> Groups => groups;

    public abstract IReadOnlyList<string> Examples { get; }

    /// <summary>Whether the command computes with tensors, so that libtorch is loaded first.</summary>
    public virtual bool UsesTorch => true;

    /// <summary>
    /// Checks of the options together, which give error messages. After an error of <see cref="Command.Validators"/>
    /// the parser would not report the problems of single options.
    /// </summary>
    public List<Func<CommandResult, IEnumerable<string>>> Checks { get; } = [];

    /// <summary>
    /// The option that sets a property of the library's options, such as <c>--clip-skip</c> for <c>ClipSkip</c>, or
    /// null if the command has none.
    /// </summary>
    public virtual string? OptionOf(string property)
    {
        var name = $"--{JsonNamingPolicy.KebabCaseLower.ConvertName(property)}";
        return Options.Any(option => option.Name == name) ? name : null;
    }

    /// <summary>
    /// The message of a problem. The library names the property that is wrong; here it is the option.
    /// </summary>
    public string MessageOf(TextualInversionException problem) =>
        problem.Parameter is { } property && OptionOf(property) is { } option
            ? $"{option} {problem.Problem}"
            : problem.Message;

    /// <summary>A command as it is typed, such as <c>ti models get</c>.</summary>
    public static string PathOf(Command command) =>
        command.Parents.OfType<Command>().FirstOrDefault() is { } parent ? $"{PathOf(parent)} {command.Name}" : "ti";

    /// <summary>
    /// Refuses values that begin with -. An option that takes several values would take a mistyped option as one of
    /// them.
    /// </summary>
    protected static void RefuseOptionsAmong(Option<string[]> values) =>
        values.Validators.Add(Suggestions.RefuseOptions);

    protected void AddGroup(string title, params Option[] options)
    {
        groups.Add((title, options));
        foreach (var option in options)
            Options.Add(option);
    }
}
