using TextualInversion.Cli.Infrastructure;
using TextualInversion.IO;
using TextualInversion.Training.Data;

namespace TextualInversion.Cli.Doctor;

/// <summary>What the cache of encoded images takes, and whether it can be used.</summary>
internal static class LatentCacheCheck
{
    private const string Subject = "encoded images";

    /// <param name="cache">The cache, or null if the user has no home folder.</param>
    /// <param name="found">Receives what is found.</param>
    public static void Run(LatentCache? cache, Diagnoses found)
    {
        if (cache is null)
            found.Warn(Subject, "are not kept, since this user has no home folder; set XDG_CACHE_HOME to name one");
        else
            found.Try(Subject, Health.Warning, () => Describe(cache));
    }

    private static string Describe(LatentCache cache)
    {
        AtomicFile.RequireWritable(cache.Folder);
        var (count, bytes) = cache.Size();
        return $"{count} in {cache.Folder}, {ByteSize.Format(bytes)}; they can be deleted at any time";
    }
}
