using System.Text;

namespace TextualInversion.Cli.Terminal;

/// <summary>
/// Standard output or error for work of hours: when nobody reads any more (the stream is closed, the reader of a pipe
/// is gone, a terminal hung up), the work continues without output.
/// </summary>
internal sealed class BrokenPipeSafeWriter : TextWriter
{
    private readonly TextWriter inner;
    private readonly bool mustArrive;
    private bool isOpen = true;

    /// <param name="inner">The console's own writer.</param>
    /// <param name="mustArrive">Whether it is an error that something cannot be written, as on a full disk.</param>
    public BrokenPipeSafeWriter(TextWriter inner, bool mustArrive)
    {
        this.inner = inner;
        this.mustArrive = mustArrive;
    }

    public override Encoding Encoding => inner.Encoding;

    /// <summary>The stream behind a descriptor; a writer to nowhere if the program was started without it.</summary>
    public static TextWriter Open(int descriptor, Func<TextWriter> open, bool mustArrive) =>
        IsInherited(descriptor) ? new BrokenPipeSafeWriter(open(), mustArrive) : Null;

    public override void Write(char value) => Guard(() => inner.Write(value));

    public override void Write(char[] buffer, int index, int count) => Guard(() => inner.Write(buffer, index, count));

    public override void Write(string? value) => Guard(() => inner.Write(value));

    public override void WriteLine(string? value) => Guard(() => inner.WriteLine(value));

    public override void Flush() => Guard(inner.Flush);

    /// <summary>
    /// A closed descriptor is given to the next file that is opened, by now one of the runtime's, which must not
    /// receive text. The flags of a descriptor tell: those that the program inherited do not close on exec.
    /// </summary>
    private static bool IsInherited(int descriptor)
    {
        const string Folder = "/proc/self/fdinfo",
            Key = "flags:";
        const int CloseOnExecute = 0x80000; // O_CLOEXEC, which is 02000000 on Linux whatever the processor
        if (!Directory.Exists(Folder))
            return true;
        var path = $"{Folder}/{descriptor}";
        return File.Exists(path)
            && (
                Convert.ToInt64(
                    File.ReadLines(path)
                        .First(line => line.StartsWith(Key, StringComparison.Ordinal))[Key.Length..]
                        .Trim(),
                    8
                ) & CloseOnExecute
            ) == 0;
    }

    private void Guard(Action write)
    {
        try
        {
            if (isOpen)
                write();
        }
        catch (UnauthorizedAccessException)
        {
            isOpen = false; // the descriptor is closed, or one of another file by now
        }
        catch (IOException error)
        {
            isOpen = false;
            if (mustArrive)
                throw new TextualInversionException(
                    $"The result cannot be written to standard output ({error.Message.TrimEnd('.')}); "
                        + "the files that it would have named are there.",
                    error
                );
        }
    }
}
