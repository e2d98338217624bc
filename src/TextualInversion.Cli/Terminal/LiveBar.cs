using System.Globalization;

namespace TextualInversion.Cli.Terminal;

/// <summary>
/// One line at the bottom of a terminal that is drawn again as work proceeds: a bar, percent, and words.
/// </summary>
internal sealed class LiveBar : IDisposable
{
    private const int Widest = 40, // columns of the bar
        Narrowest = 10, // below that there is no bar
        Percent = 7; // columns of " 100%  "

    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(50);

    private readonly TextWriter terminal;
    private readonly Func<int> width;
    private readonly TimeProvider time;
    private string line = "";
    private long drawn;

    /// <param name="terminal">The terminal, which returns to the start of the line at <c>\r</c>.</param>
    /// <param name="width">Gives the columns of the terminal, which may change.</param>
    /// <param name="time">Limits how often the line is drawn.</param>
    public LiveBar(TextWriter terminal, Func<int> width, TimeProvider? time = null)
    {
        this.terminal = terminal;
        this.width = width;
        this.time = time ?? TimeProvider.System;
    }

    /// <summary>Draws the line, unless it was drawn a moment ago and the work is not finished.</summary>
    public void Show(double done, double total, string text)
    {
        if (line.Length > 0 && done < total && time.GetElapsedTime(drawn) < Interval)
            return;
        drawn = time.GetTimestamp();
        Draw(Format(done / total, text, width() - 1)); // the last column stays free: some terminals wrap after it
    }

    /// <summary>Writes a line above the bar.</summary>
    public void Info(string text)
    {
        var below = line;
        Draw("");
        terminal.Write('\r');
        terminal.WriteLine(text);
        line = "";
        Draw(below);
    }

    /// <summary>Leaves the line as it is and moves below it.</summary>
    public void Dispose()
    {
        if (line.Length > 0)
            terminal.WriteLine();
        line = "";
    }

    /// <summary>The bar takes the columns that the words leave. Words that are too long are cut off.</summary>
    private static string Format(double share, string text, int columns)
    {
        var barWidth = Math.Min(columns - Percent - text.Length, Widest);
        if (barWidth < Narrowest)
            return text[..Math.Min(text.Length, Math.Max(columns, 0))];
        var filled = (int)(barWidth * share);
        var bar = new string('#', filled) + new string('.', barWidth - filled);
        return string.Create(CultureInfo.InvariantCulture, $"{bar} {(int)(share * 100), 3}%  {text}");
    }

    private void Draw(string text)
    {
        terminal.Write('\r' + text.PadRight(line.Length)); // spaces over what is left of the line before
        terminal.Flush();
        line = text;
    }
}
