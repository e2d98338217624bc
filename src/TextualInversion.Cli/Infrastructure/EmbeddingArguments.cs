using System.CommandLine;

namespace TextualInversion.Cli.Infrastructure;

/// <summary>Paths that commands take without an option's name before them.</summary>
internal static class EmbeddingArguments
{
    public static Argument<string> One()
    {
        var argument = new Argument<string>("FILE")
        {
            HelpName = "FILE",
            Description = "An embedding of any layout.",
            CustomParser = result => PathText.Read(result, "FILE").FirstOrDefault(),
        };
        argument.Validators.Add(Suggestions.RefuseOptions);
        return argument;
    }

    public static Argument<string[]> Several(string helpName, string description)
    {
        var argument = new Argument<string[]>("FILES")
        {
            HelpName = helpName,
            Description = description,
            Arity = ArgumentArity.OneOrMore,
            CustomParser = result => PathText.Read(result, helpName),
        };
        argument.Validators.Add(Suggestions.RefuseOptions);
        return argument;
    }
}
