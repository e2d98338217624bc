using System.Text;

namespace TextualInversion.Cli.Terminal;

/// <summary>Writes whole lines to another writer, each after a prefix, such as the name of what it is about.</summary>
/// <param name="target">Receives the lines.</param>
/// <param name="prefix">What they begin with.</param>
internal sealed class PrefixWriter(TextWriter target, string prefix) : TextWriter
{
    private readonly StringBuilder line = new();

    public override Encoding Encoding => target.Encoding;

    public override void Write(char value)
    {
        if (value == '\n')
            Flush();
        else if (value != '\r')
            line.Append(value);
    }

    /// <summary>Writes what there is of a line.</summary>
    public override void Flush()
    {
        if (line.Length == 0)
            return;
        target.WriteLine($"{prefix}{line}");
        line.Clear();
    }

    protected override void Dispose(bool disposing)
    {
        Flush();
        base.Dispose(disposing);
    }
}
