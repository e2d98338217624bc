using TextualInversion.Cli.Infrastructure;
using TextualInversion.IO;

namespace TextualInversion.Cli.Doctor;

/// <summary>Whether folders can be written to and have space.</summary>
internal static class StorageCheck
{
    /// <summary>The space that a training needs in the current folder, in bytes.</summary>
    public const long TrainingBytes = 100_000_000;

    /// <summary>The space that a download of Stable Diffusion 1.5 needs, in bytes.</summary>
    public const long ModelBytes = 4_500_000_000;

    /// <param name="subject">What the folder is.</param>
    /// <param name="folder">The folder, which need not exist.</param>
    /// <param name="needed">The space that it needs in bytes.</param>
    /// <param name="health">How bad it is if the folder cannot be used.</param>
    /// <param name="hint">What to do if it cannot be used.</param>
    /// <param name="found">Receives what is found.</param>
    public static void Run(string subject, string folder, long needed, Health health, string hint, Diagnoses found) =>
        found.Try(
            subject,
            health,
            () =>
            {
                AtomicFile.RequireWritable(folder);
                var free = FreeBytes(folder);
                return free is null || free >= needed
                    ? $"{folder} can be written to{(free is { } bytes ? $", {ByteSize.Format(bytes)} free" : "")}"
                    : throw new TextualInversionException(
                        $"{folder}: {ByteSize.Format(free.Value)} free, and {ByteSize.Format(needed)} are needed; "
                            + $"free some space, or {hint}."
                    );
            }
        );

    /// <summary>The free space where a folder is or will be; null if the system does not say.</summary>
    private static long? FreeBytes(string folder)
    {
        var nearest = Path.GetFullPath(folder);
        while (!Directory.Exists(nearest) && Path.GetDirectoryName(nearest) is { } above)
            nearest = above;
        try
        {
            return new DriveInfo(OperatingSystem.IsWindows() ? Path.GetPathRoot(nearest)! : nearest).AvailableFreeSpace;
        }
        catch (Exception error) when (IoErrors.IsFileError(error))
        {
            return null;
        }
    }
}
