using TextualInversion.Cli.Terminal;

namespace TextualInversion.Cli.Tests.Terminal;

/// <summary>The handling of text that cannot be written.</summary>
public sealed class BrokenPipeSafeWriterTests
{
    [Fact]
    public void WriteLine_FullDisk_IsAnErrorOnceWhereItMustArrive()
    {
        using var stream = new BrokenPipeSafeWriter(
            new Failing(new IOException("No space left on device")),
            mustArrive: true
        );
        Assert.Contains(
            "standard output (No space left on device)",
            Assert.Throws<TextualInversionException>(() => stream.WriteLine("x")).Message
        );
        stream.WriteLine("y");
    }

    [Fact]
    public void WriteLine_NobodyReads_IsSilent()
    {
        using BrokenPipeSafeWriter closed = new(new Failing(new UnauthorizedAccessException()), mustArrive: true),
            terminal = new(new Failing(new IOException("Input/output error")), mustArrive: false);
        closed.WriteLine("x");
        terminal.Write('x');
        terminal.Flush();
    }

    [Fact]
    public void Write_OpenStream_PassesAllOn()
    {
        using var inner = new StringWriter();
        using var stream = new BrokenPipeSafeWriter(inner, mustArrive: true);
        stream.Write('a');
        stream.Write("b");
        stream.Write(['c', 'd'], 1, 1);
        stream.WriteLine("e");
        Assert.Equal($"abde{Environment.NewLine}", inner.ToString());
    }

    private sealed class Failing(Exception error) : StringWriter
    {
        public override void Write(char value) => throw error;

        public override void Write(string? value) => throw error;

        public override void WriteLine(string? value) => throw error;

        public override void Flush() => throw error;
    }
}
