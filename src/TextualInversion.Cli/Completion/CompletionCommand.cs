using System.CommandLine;
using TextualInversion.Cli.Infrastructure;

namespace TextualInversion.Cli.Completion;

/// <summary><c>ti completion</c>: prints the script that makes a shell complete ti's command lines.</summary>
internal sealed class CompletionCommand : CommandBase
{
    private static readonly string[] Shells = ["bash", "zsh", "fish", "pwsh"];

    private readonly Argument<string?> shell = new("SHELL")
    {
        HelpName = string.Join('|', Shells),
        Description = "The shell: bash, zsh, fish or pwsh (PowerShell).",
        CustomParser = result => Choices.Read(result, "SHELL", Shells),
    };

    public CompletionCommand()
        : base(
            "completion",
            "Print a script for a shell, which then completes commands, options and their values, samplers, files, the "
                + "placeholder tokens of embeddings/ and the models in the cache. The script says at its top how to "
                + "load it."
        )
    {
        Arguments.Add(shell);
        SetAction(Run);
    }

    public override bool UsesTorch => false;

    public override IReadOnlyList<string> Examples => ["ti completion bash", "ti completion zsh > _ti"];

    private int Run(ParseResult parsed)
    {
        parsed.InvocationConfiguration.Output.Write(Script(parsed.GetValue(shell)!));
        return ExitCode.Done;
    }

    /// <summary>The file of that name in <c>Scripts/</c>, which is embedded in the program.</summary>
    private static string Script(string shell)
    {
        using var stream = typeof(CompletionCommand).Assembly.GetManifestResourceStream($"completion.{shell}")!;
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
