using System.Runtime.InteropServices;

namespace TextualInversion.Cli.Infrastructure;

/// <summary>The exit codes of every command.</summary>
internal static class ExitCode
{
    public const int Done = 0;

    /// <summary>A problem that the user can fix, such as a missing file.</summary>
    public const int Problem = 1;

    /// <summary>A command line that cannot be understood: an unknown option, or a value that is not allowed.</summary>
    public const int WrongUsage = 2;

    /// <summary>Stopped by Ctrl-C or by another signal; what was finished is kept.</summary>
    public const int Cancelled = 130;

    /// <summary>The exit code of a program that a signal ended, as a shell gives it: 128 and the signal.</summary>
    public static int Of(PosixSignal signal) =>
        signal switch
        {
            PosixSignal.SIGHUP => 129,
            PosixSignal.SIGTERM => 143,
            _ => Cancelled,
        };
}
