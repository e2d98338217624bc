using System.CommandLine;
using TextualInversion.Cli.Infrastructure;
using TextualInversion.IO;

namespace TextualInversion.Cli.Manual;

/// <summary>
/// What <c>scripts/make-man</c> calls: <c>ti [man] FOLDER</c> writes the manual page of every command into a folder.
/// </summary>
internal static class ManualDirective
{
    public const string Name = "[man]";

    /// <exception cref="TextualInversionException">A page cannot be written.</exception>
    public static int Write(RootCommand root, string folder)
    {
        foreach (var command in All(root))
            AtomicFile.WriteText(
                Path.Combine(folder, ManPage.FileName(command)),
                overwrite: true,
                ManPage.Write(command)
            );
        return ExitCode.Done;
    }

    private static IEnumerable<Command> All(Command command) => command.Subcommands.SelectMany(All).Prepend(command);
}
