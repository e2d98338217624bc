using System.Diagnostics;

namespace TextualInversion.Tests.Fixtures;

/// <summary>A named pipe, which nobody writes into: opening it would wait forever.</summary>
internal static class NamedPipe
{
    /// <summary>Whether this system has them.</summary>
    public static bool IsKnown => !OperatingSystem.IsWindows();

    /// <summary>Puts a pipe in the place of a file, if there is one, and returns its path.</summary>
    public static string Make(string path)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.Delete(path);
        using var shell = Process.Start("mkfifo", [path]);
        shell.WaitForExit();
        return path;
    }
}
