using System.CommandLine;
using System.CommandLine.Parsing;

namespace TextualInversion.Cli.Infrastructure;

/// <summary>
/// An option that takes the path of a file or folder, or a name in the place of one; null if it is not given.
/// </summary>
internal sealed class PathOption : Option<string?>
{
    public PathOption(string name)
        : base(name) => CustomParser = result => PathText.Read(result, Name).FirstOrDefault();
}

/// <summary>An option that takes several paths.</summary>
internal sealed class PathListOption : Option<string[]>
{
    public PathListOption(string name)
        : base(name) => CustomParser = result => PathText.Read(result, Name);
}

/// <summary>An option that takes words, which must not be empty; null if it is not given.</summary>
internal sealed class TextOption : Option<string?>
{
    public TextOption(string name)
        : base(name) => CustomParser = Read;

    private string? Read(ArgumentResult result)
    {
        var text = result.Tokens is [{ Value: var value }] ? value : null;
        if (text is not null && string.IsNullOrWhiteSpace(text))
            result.AddError($"{Name}: {PathText.IsEmpty}");
        return text;
    }
}

/// <summary>
/// An option that takes one word for another program, such as a scheduler: printable ASCII without blanks, at most 200
/// characters; null if it is not given.
/// </summary>
internal sealed class OneWordOption : Option<string?>
{
    private const int Longest = 200;

    public OneWordOption(string name)
        : base(name) => CustomParser = Read;

    private string? Read(ArgumentResult result)
    {
        var word = result.Tokens is [{ Value: var value }] ? value : "";
        if (word.Length is 0 or > Longest || word.Any(character => character is <= ' ' or > '~'))
            result.AddError(
                $"{Name}: write one word of letters, digits and signs, at most {Longest} characters, without blanks"
            );
        return word;
    }
}

/// <summary>An option that takes a name of which files are called, such as a token; null if it is not given.</summary>
internal sealed class NameOption : Option<string?>
{
    private const int LongestBytes = 200; // of the 255 that a file system allows, since extensions are added

    public NameOption(string name)
        : base(name) => CustomParser = Read;

    private string? Read(ArgumentResult result)
    {
        var name = result.Tokens is [{ Value: var text }] ? text : null;
        if (name is not null && PathText.Problem(name, LongestBytes) is { } problem)
            result.AddError($"{Name}: {problem}");
        return name;
    }
}
