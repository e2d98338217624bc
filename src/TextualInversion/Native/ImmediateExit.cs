using System.Runtime.InteropServices;

namespace TextualInversion.Native;

/// <summary>
/// Ends the process without its exit handlers. Those of libtorch take down memory that a computation on another thread
/// still uses.
/// </summary>
internal static partial class ImmediateExit
{
    /// <summary>Ends the process. What was not written yet is lost.</summary>
    /// <param name="code">The exit code.</param>
    public static void Now(int code)
    {
        if (OperatingSystem.IsWindows())
            _ = TerminateProcess(GetCurrentProcess(), (uint)code);
        else
            ExitWithoutHandlers(code);
    }

    [LibraryImport("libc", EntryPoint = "_exit")]
    private static partial void ExitWithoutHandlers(int code);

    [LibraryImport("kernel32.dll")]
    private static partial IntPtr GetCurrentProcess();

    [LibraryImport("kernel32.dll")]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static partial bool TerminateProcess(IntPtr process, uint exitCode);
}
