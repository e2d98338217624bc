using System.Globalization;
using TextualInversion.Cli.Terminal;
using TextualInversion.IO;

namespace TextualInversion.Cli.EmbeddingFiles;

/// <summary>The table of a folder's conversion: what each file was, and what it was written to.</summary>
internal static class FolderTable
{
    public static void Write(TextWriter output, IEnumerable<FolderEntry> entries)
    {
        var table = new PlainTable()
            .AddColumn("file", wraps: false)
            .AddColumn("status", wraps: false)
            .AddColumn("layout", wraps: false)
            .AddColumn("token", wraps: false)
            .AddColumn("vectors", wraps: false)
            .AddColumn("written");
        foreach (var entry in entries)
            table.AddRow(
                PrintableText.Of(entry.Path),
                entry.Status,
                entry.Layout ?? "",
                PrintableText.Of(entry.Trigger ?? ""),
                entry.Vectors?.ToString(CultureInfo.InvariantCulture) ?? "",
                PrintableText.Of(entry.Output ?? "")
            );
        table.Write(output);
    }
}
