using TextualInversion.Embeddings;
using TextualInversion.Generation;
using TextualInversion.IO;

namespace TextualInversion.Cli.EmbeddingFiles;

/// <summary>What became of a file, as in the table and the JSON of <c>ti convert DIR --to DIR</c>.</summary>
/// <param name="Path">The file, below the folder.</param>
/// <param name="Status"><c>converted</c>, <c>kept</c> where its copy was there, or <c>refused</c>.</param>
/// <param name="Layout">What it was, or null if it was refused.</param>
/// <param name="Trigger">Its placeholder token, or null if it was refused.</param>
/// <param name="Vectors">The number of its vectors, or null if it was refused.</param>
/// <param name="Output">The copy, below the other folder, or null if it was refused.</param>
/// <param name="Problem">Why it was refused or what is left out, or null.</param>
internal sealed record FolderEntry(
    string Path,
    string Status,
    string? Layout = null,
    string? Trigger = null,
    int? Vectors = null,
    string? Output = null,
    string? Problem = null
)
{
    public const string Converted = "converted",
        Kept = "kept",
        Refused = "refused";
}

/// <summary>
/// Copies a folder of other people's embeddings as safetensors files: sub-folders and the files that belong to
/// embeddings are kept. A copy that exists is not written again, so an interrupted conversion continues.
/// </summary>
/// <param name="source">The folder.</param>
/// <param name="target">The folder to write to.</param>
/// <param name="program">The program to write for, or null for the default layouts.</param>
/// <param name="overwrite">Whether copies that exist are written again.</param>
internal sealed class FolderConversion(string source, string target, TargetProgram? program, bool overwrite)
{
    /// <summary>What programs show beside an embedding: previews, and what model-sharing sites know of it.</summary>
    private static readonly string[] Companions =
    [
        ".png",
        ".jpg",
        ".jpeg",
        ".webp",
        ".gif",
        ".json",
        ".info",
        ".txt",
        ".yaml",
    ];

    private readonly HashSet<string> taken = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Converts one file after another, in the order of <see cref="EmbeddingFolder.Files"/>.</summary>
    /// <param name="cancellationToken">Stops between two files; those that are written stay.</param>
    /// <exception cref="TextualInversionException">
    /// One folder is inside the other, or a file cannot be written.
    /// </exception>
    public IEnumerable<FolderEntry> Run(CancellationToken cancellationToken)
    {
        var (from, to) = (WithSeparator(source), WithSeparator(target));
        if (from.StartsWith(to, StringComparison.Ordinal) || to.StartsWith(from, StringComparison.Ordinal))
            throw new TextualInversionException(
                $"{target}: is inside {source}, or around it; name another folder to write to."
            );
        foreach (var folder in FolderTree.Unreadable(source))
            yield return new FolderEntry(
                Path.GetRelativePath(source, folder),
                FolderEntry.Refused,
                Problem: $"{folder}: this folder cannot be read; check the permissions."
            );
        foreach (var path in EmbeddingFolder.Files(source))
        {
            cancellationToken.ThrowIfCancellationRequested();
            foreach (var entry in Convert(path))
                yield return entry;
        }
    }

    private List<FolderEntry> Convert(string path)
    {
        var relative = Path.GetRelativePath(source, path);
        IReadOnlyList<EmbeddingFile> files;
        try
        {
            files = EmbeddingFile.OpenAll(path);
        }
        catch (TextualInversionException problem)
        {
            return [new FolderEntry(relative, FolderEntry.Refused, Problem: problem.Message)];
        }

        try
        {
            return [.. files.Select(file => Convert(relative, file, isAlone: files.Count == 1))];
        }
        finally
        {
            foreach (var file in files)
                file.Dispose();
        }
    }

    private FolderEntry Convert(string relative, EmbeddingFile file, bool isAlone)
    {
        var stem = isAlone
            ? Path.GetFileNameWithoutExtension(relative)
            : EmbeddingNames.FileStem(file.Embedding.Trigger);
        if (PortableFileName.Problem(program?.FileStem(stem) ?? stem.Replace(' ', '-')) is { } problem)
            return new FolderEntry(relative, FolderEntry.Refused, Problem: $"{file.Path}: {stem} {problem}.");
        var embedding = program?.Adapt(file.Embedding) ?? file.Embedding;
        var output = Claim(Path.GetDirectoryName(relative)!, program?.FileStem(stem) ?? stem, relative);
        var copy = Path.Combine(target, output);
        var isThere = File.Exists(copy) && !overwrite;
        if (!isThere)
            EmbeddingFile.Write(copy, LayoutOf(embedding), embedding, overwrite);
        CopyCompanions(file.Path, Path.ChangeExtension(copy, null));
        return new FolderEntry(
            relative,
            isThere ? FolderEntry.Kept : FolderEntry.Converted,
            EmbeddingFormats.Name(file.Layout),
            embedding.Trigger,
            embedding.Vectors,
            output,
            file.OutputKeys.Concat(file.UnusedKeys).ToList() is { Count: > 0 } lost
                ? $"{file.Path}: its vectors {string.Join(", ", lost)} are left out."
                : null
        );
    }

    /// <summary>A name that means something else as a tensor's, such as clip_l, goes into the metadata.</summary>
    private EmbeddingFormat LayoutOf(LearnedEmbedding embedding)
    {
        var layout = program?.Layout(embedding.Rows.Count) ?? EmbeddingFormats.Default(embedding.Rows.Count);
        return layout == EmbeddingFormat.Diffusers && EncoderKeys.IsReserved(embedding.Trigger)
            ? EmbeddingFormat.WebUiSafetensors
            : layout;
    }

    /// <summary>A path that no other file of this run has: of a.safetensors and a.pt the second is a-pt.</summary>
    private string Claim(string folder, string stem, string relative)
    {
        var extension = Path.GetExtension(relative).TrimStart('.');
        foreach (var name in (string[])[stem, $"{stem}-{extension}"])
            if (taken.Add(Path.Combine(folder, name)))
                return Path.Combine(folder, name + ".safetensors");
        for (var number = 2; ; number++)
            if (taken.Add(Path.Combine(folder, $"{stem}-{extension}-{number}")))
                return Path.Combine(folder, $"{stem}-{extension}-{number}.safetensors");
    }

    /// <summary>Copies NAME.preview.png, NAME.jpg, NAME.cm-info.json and the like beside the copy.</summary>
    private static void CopyCompanions(string path, string copyStem)
    {
        var stem = Path.GetFileNameWithoutExtension(path);
        foreach (var companion in FolderListing.Files(Path.GetDirectoryName(path)!))
        {
            var name = Path.GetFileName(companion);
            var isCompanion =
                companion != path
                && name.StartsWith(stem + ".", StringComparison.Ordinal)
                && Companions.Contains(Path.GetExtension(name).ToLowerInvariant())
                && !PngCardFormat.IsCard(companion); // which is converted itself
            var copy = copyStem + name[Math.Min(stem.Length, name.Length)..];
            if (!isCompanion || File.Exists(copy))
                continue;
            try
            {
                var content = File.ReadAllBytes(companion);
                AtomicFile.Write(copy, overwrite: false, stream => stream.Write(content));
            }
            catch (Exception error) when (IoErrors.IsFileError(error))
            {
                throw IoErrors.Unreadable(companion, error);
            }
        }
    }

    private static string WithSeparator(string folder) =>
        RealPath.Of(folder).TrimEnd(Path.DirectorySeparatorChar) + Path.DirectorySeparatorChar;
}
