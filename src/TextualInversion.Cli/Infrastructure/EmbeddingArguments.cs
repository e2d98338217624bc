using System.CommandLine;
using System.CommandLine.Parsing;

namespace TextualInversion.Cli.Infrastructure;

/// <summary>Embeddings that commands take without an option's name before them.</summary>
internal static class EmbeddingArguments
{
    public static Argument<string> One()
    {
        var argument = new Argument<string>("FILE")
        {
            HelpName = "FILE",
            Description = "An embedding of any layout.",
            CustomParser = result => PathText.Read(result, "FILE")[0],
        };
        argument.Validators.Add(RefuseOptions);
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
        argument.Validators.Add(RefuseOptions);
        return argument;
    }

    // Else a mistyped option would be taken for a file.
    private static void RefuseOptions(ArgumentResult result)
    {
        foreach (var given in result.Tokens.Where(given => given.Value.StartsWith('-')))
            result.AddError($"Unrecognized option '{given.Value}'.");
    }
}
