namespace TextualInversion.Checkpoints;

/// <summary>Writes a file whole or not at all: under a temporary name in the same folder, flushed to the disk, then moved.</summary>
public static class AtomicFile
{
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
            throw new TextualInversionException($"{path}: cannot be written ({error.Message.TrimEnd('.')}); free some space or choose another place.", error);
        }
        finally
        {
            if (File.Exists(temporary)) File.Delete(temporary); // where its folder could not be made, Delete throws
        }
    }

    /// <summary>Tries whether <paramref name="path"/> could be written, in the nearest folder above it that there is; leaves nothing behind.</summary>
    /// <exception cref="TextualInversionException">It could not.</exception>
    public static void RequireWritable(string path)
    {
        var folder = Path.GetDirectoryName(Path.GetFullPath(path))!;
        while (!Directory.Exists(folder) && !File.Exists(folder) && Path.GetDirectoryName(folder) is { } above) folder = above;
        var probe = Path.Combine(folder, $".{Path.GetFileName(path)}.{Environment.ProcessId}.try");
        try
        {
            new FileStream(probe, FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 1, FileOptions.DeleteOnClose).Dispose();
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new TextualInversionException($"{path}: cannot be written ({error.Message.TrimEnd('.')}); choose another place.", error);
        }
    }

    /// <summary>Says no before the work, rather than after it.</summary>
    /// <exception cref="TextualInversionException">The file exists and may not be replaced.</exception>
    public static void RefuseToReplace(string path, bool overwrite)
    {
        if (Directory.Exists(path))
            throw new TextualInversionException($"{path}: is a folder; name a file.");
        if (!overwrite && File.Exists(path))
            throw new TextualInversionException($"{path}: exists; choose another name or allow replacing it with --overwrite.");
    }
}
