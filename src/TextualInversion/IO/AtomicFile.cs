using System.Text;

namespace TextualInversion.IO;

/// <summary>Writes a file whole or not at all: under a temporary name in the same folder, flushed to the disk, then moved.</summary>
internal static class AtomicFile
{
    private static readonly byte[] Probe = new byte[1 << 16];

    /// <summary>Writes <paramref name="path"/>, making its folder where it is missing.</summary>
    /// <exception cref="TextualInversionException">The file exists and may not be replaced, or it cannot be written; nothing is left behind.</exception>
    public static void Write(string path, bool overwrite, Action<Stream> write)
    {
        RefuseToReplace(path, overwrite);
        var directory = Path.GetDirectoryName(Path.GetFullPath(path))!;
        var temporary = Path.Combine(directory, $".{Path.GetFileName(path)}.{Environment.ProcessId}.tmp");
        try
        {
            Directory.CreateDirectory(directory);
            using (var stream = new FileStream(temporary, FileMode.Create, FileAccess.Write))
            {
                write(stream);
                stream.Flush(flushToDisk: true);
            }

            File.Move(temporary, path, overwrite);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new TextualInversionException(
                $"{path}: cannot be written ({Reason(error)}); free some space or choose another place.",
                error
            );
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

    /// <summary>Says no before the work, rather than after it; leaves nothing behind.</summary>
    /// <param name="folder">where files are to be written later; where it is missing the nearest above it is tried</param>
    /// <exception cref="TextualInversionException">Nothing can be written there, or there is no room left.</exception>
    public static void RequireWritable(string folder)
    {
        var nearest = Path.GetFullPath(folder);
        while (!Directory.Exists(nearest) && !File.Exists(nearest) && Path.GetDirectoryName(nearest) is { } above)
            nearest = above;
        var probe = Path.Combine(nearest, $".probe.{Environment.ProcessId}");
        try
        {
            File.WriteAllBytes(probe, Probe);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new TextualInversionException(
                $"{folder}: cannot be written to ({Reason(error)}); free some space or choose another place.",
                error
            );
        }
        finally
        {
            if (File.Exists(probe))
                File.Delete(probe);
        }
    }

    /// <summary>The system's words without the file that it adds, which may be a temporary one.</summary>
    internal static string Reason(Exception error) => error.Message.Split(" : '")[0].TrimEnd('.');

    /// <summary>Says no before the work, rather than after it.</summary>
    /// <exception cref="TextualInversionException">The file exists and may not be replaced.</exception>
    public static void RefuseToReplace(string path, bool overwrite)
    {
        if (Directory.Exists(path))
            throw new TextualInversionException($"{path}: is a folder; name a file.");
        if (!overwrite && File.Exists(path))
            throw new TextualInversionException(
                $"{path}: exists; choose another name or allow replacing it with --overwrite."
            );
    }
}
