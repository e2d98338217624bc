using System.Text;

namespace TextualInversion.Cli.Rendering;

/// <summary>
/// Standard output or error as work of hours wants it: where nobody reads any more (closed, a pipe whose reader is gone, a terminal that
/// hung up) the work goes on in silence.
/// </summary>
internal sealed class StandardStream : TextWriter
{
    private readonly TextWriter inner;
    private readonly bool mustArrive;
    private bool isOpen = true;

    /// <param name="open">gives the console's own</param>
    /// <param name="mustArrive">whether what cannot be written although it is wanted, as on a full disk, is an error</param>
    public StandardStream(Func<TextWriter> open, bool mustArrive)
    {
        this.mustArrive = mustArrive;
        inner = Null;
        Guard(() => open().Flush()); // closed before the program began
        if (isOpen) inner = open();
    }

    public override Encoding Encoding => inner.Encoding;

    public override void Write(char value) => Guard(() => inner.Write(value));

    public override void Write(char[] buffer, int index, int count) => Guard(() => inner.Write(buffer, index, count));

    public override void Write(string? value) => Guard(() => inner.Write(value));

    public override void WriteLine(string? value) => Guard(() => inner.WriteLine(value));

    public override void Flush() => Guard(inner.Flush);

    private void Guard(Action write)
    {
        try
        {
            if (isOpen) write();
        }
        catch (UnauthorizedAccessException)
        {
            isOpen = false; // the descriptor is closed, or one of another file by now
        }
        catch (IOException error)
        {
            isOpen = false;
            if (mustArrive) throw new TextualInversionException($"The result cannot be written to standard output ({error.Message.TrimEnd('.')}); the files that it would have named are there.", error);
        }
    }
}
