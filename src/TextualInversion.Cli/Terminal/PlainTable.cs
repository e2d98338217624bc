using Spectre.Console;

namespace TextualInversion.Cli.Terminal;

/// <summary>
/// A table as plain text: columns without borders or colors. On a terminal, cells are wrapped at its width. Elsewhere
/// each row is one line, which other programs can search and cut.
/// </summary>
internal sealed class PlainTable
{
    private const int Gap = 2,
        Unlimited = 100_000;

    private readonly Table table = new Table().NoBorder().HideHeaders();

    /// <summary>Spaces before each line.</summary>
    public int Indent { get; init; }

    /// <param name="heading">Empty for none. A table whose columns all have none has no line of headings.</param>
    /// <param name="wraps">
    /// Whether the cells may take several lines. The widest columns that may are wrapped first.
    /// </param>
    public PlainTable AddColumn(string heading = "", bool wraps = true)
    {
        table.AddColumn(new TableColumn(new Text(heading)) { NoWrap = !wraps, Padding = new Padding(0, 0, Gap, 0) });
        table.ShowHeaders |= heading.Length > 0;
        return this;
    }

    /// <param name="cells">One for each column; those that are missing at the end are empty.</param>
    public PlainTable AddRow(params IEnumerable<string> cells)
    {
        table.AddRow(cells.Select(cell => new Text(cell)));
        return this;
    }

    /// <summary>Writes the table, as wide as the terminal behind <paramref name="output"/> if there is one.</summary>
    public void Write(TextWriter output) => Write(output, TerminalWidth.Of(output));

    /// <param name="output">Receives the table.</param>
    /// <param name="width">The largest width in columns; null for no limit.</param>
    public void Write(TextWriter output, int? width)
    {
        using var text = new StringWriter();
        var console = AnsiConsole.Create(
            new AnsiConsoleSettings
            {
                Ansi = AnsiSupport.No,
                ColorSystem = ColorSystemSupport.NoColors,
                Interactive = InteractionSupport.No,
                Out = new AnsiConsoleOutput(text),
                Enrichment = new ProfileEnrichment { UseDefaultEnrichers = false },
            }
        );
        table.Columns[^1].Padding = new Padding(0);
        console.Profile.Width = Math.Max(1, (width ?? Unlimited) - Indent);
        console.Write(table);
        foreach (var line in text.ToString().TrimEnd('\n').Split('\n'))
            output.WriteLine((new string(' ', Indent) + line).TrimEnd());
    }
}
