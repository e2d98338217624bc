using System.Text;

namespace TextualInversion.IO;

/// <summary>
/// Writes a file completely or not at all: under a temporary name in the same folder, flushed to disk, then moved.
/// </summary>
internal static class AtomicFile
{
    private const int Attempts = 20;
    private static readonly TimeSpan RetryPause = TimeSpan.FromMilliseconds(50);
    private static readonly byte[] Probe = new byte[1 << 16];

    /// <summary>Writes <paramref name="path"/>, creating its folder if it is missing.</summary>
    /// <exception cref="TextualInversionException">
    /// The file exists and may not be replaced, or it cannot be written; no temporary file remains.
    /// </exception>
    public static void Write(string path, bool overwrite, Action<Stream> write)
    {
        RefuseToReplace(path, overwrite);
        var directory = Path.GetDirectoryName(Path.GetFullPath(path))!;
        var temporary = Path.Combine(directory, $".{Path.GetFileName(path)}.{Unique()}.tmp");
        try
        {
            Directory.CreateDirectory(directory);
            using (var stream = new FileStream(temporary, FileMode.Create, FileAccess.Write))
            {
                write(stream);
                stream.Flush(flushToDisk: true);
            }

            Persist(() => File.Move(temporary, path, overwrite), RetryPause);
        }
        catch (Exception error) when (IoErrors.IsFileError(error))
        {
            throw IoErrors.Wrap(path, "written", error, hint: "choose another place");
        }
        finally
        {
            if (File.Exists(temporary))
                File.Delete(temporary); // where its folder could not be made, Delete throws
        }
    }

    /// <summary>The same for a text, in UTF-8.</summary>
    /// <exception cref="TextualInversionException">See <see cref="Write"/>.</exception>
    public static void WriteText(string path, bool overwrite, string text) =>
        Write(path, overwrite, stream => stream.Write(Encoding.UTF8.GetBytes(text)));

    /// <summary>Refuses before the work rather than after it. Leaves no files behind.</summary>
    /// <param name="folder">
    /// The folder of later files. If it is missing, the nearest existing folder above it is tried.
    /// </param>
    /// <exception cref="TextualInversionException">The folder cannot be written to, or the disk is full.</exception>
    public static void RequireWritable(string folder)
    {
        var nearest = Path.GetFullPath(folder);
        while (!Directory.Exists(nearest) && !File.Exists(nearest) && Path.GetDirectoryName(nearest) is { } above)
            nearest = above;
        if (!Directory.Exists(nearest))
            throw new TextualInversionException(
                $"{folder}: cannot be written to, since {nearest} is a file, not a folder; choose another place."
            );
        var probe = Path.Combine(nearest, $".probe.{Unique()}");
        try
        {
            File.WriteAllBytes(probe, Probe);
        }
        catch (Exception error) when (IoErrors.IsFileError(error))
        {
            throw IoErrors.Wrap(folder, "written to", error, hint: "choose another place");
        }
        finally
        {
            if (File.Exists(probe))
                File.Delete(probe);
        }
    }

    /// <summary>
    /// Repeats an action for about a second while another program holds a file. On Windows a file cannot be replaced
    /// while it is open, and virus scanners and indexers open new files for a moment; it then says that access is
    /// denied.
    /// </summary>
    /// <exception cref="IOException">It failed at last, or for another reason.</exception>
    internal static void Persist(Action action, TimeSpan pause)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                action();
                return;
            }
            catch (Exception error) when (attempt < Attempts && MayPass(error))
            {
                Thread.Sleep(pause);
            }
        }
    }

    private static bool MayPass(Exception error) =>
        IoErrors.IsHeld(error) || (OperatingSystem.IsWindows() && error is UnauthorizedAccessException);

    /// <summary>Process ids are the same in containers that share a folder.</summary>
    private static string Unique() => $"{Environment.ProcessId}-{Random.Shared.Next():x}";

    /// <summary>Refuses before the work rather than after it.</summary>
    /// <exception cref="TextualInversionException">
    /// The file exists and may not be replaced, or it is a folder, a device or a pipe.
    /// </exception>
    public static void RefuseToReplace(string path, bool overwrite)
    {
        if (Directory.Exists(path))
            throw new TextualInversionException($"{path}: is a folder; name a file.");
        if (SpecialFile.Find(path) is { } special) // a file moved there would replace the device itself
            throw new TextualInversionException($"{path}: is {special}; name a file.");
        if (!overwrite && File.Exists(path))
            throw new TextualInversionException(
                $"{path}: exists; choose another name, or set overwrite to replace it."
            );
    }
}
