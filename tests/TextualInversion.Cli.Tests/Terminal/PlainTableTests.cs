using TextualInversion.Cli.Terminal;

namespace TextualInversion.Cli.Tests.Terminal;

public sealed class PlainTableTests
{
    [Fact]
    public void Write_NoWidth_GivesOneLineARow()
    {
        var name = new string('n', 300) + " and words";

        var lines = Lines(new PlainTable().AddColumn("name").AddColumn("score").AddRow(name, "1"), null);

        Assert.Equal(["name" + new string(' ', 308) + "score", name + "  1"], lines);
    }

    [Fact]
    public void Write_Widths_WrapOnlyWhatMayWrap()
    {
        var table = new PlainTable()
            .AddColumn("name")
            .AddColumn("score", wraps: false)
            .AddRow("a long name of many words", "0.5 ± 0.1");

        Assert.Equal(["name           score", "a long name    0.5 ± 0.1", "of many words"], Lines(table, 24));
    }

    [Fact]
    public void Write_NoHeadings_BeginsWithTheFirstRow() =>
        Assert.Equal(
            ["  a   b", "  cc"],
            Lines(
                new PlainTable { Indent = 2 }
                    .AddColumn()
                    .AddColumn()
                    .AddRow("a", "b")
                    .AddRow("cc"),
                80
            )
        );

    [Fact]
    public void Write_TextWithMarkup_IsTakenAsText() =>
        Assert.Equal(["[red]a[/] :smile:"], Lines(new PlainTable().AddColumn().AddRow("[red]a[/] :smile:"), 80));

    [Theory]
    [InlineData(1)]
    [InlineData(20)]
    [InlineData(80)]
    public void Write_LongWord_StaysInsideTheWidth(int width) =>
        Assert.All(
            Lines(new PlainTable().AddColumn().AddRow(new string('w', 200)), width),
            line => Assert.InRange(line.Length, 1, width)
        );

    private static string[] Lines(PlainTable table, int? width)
    {
        using var output = new StringWriter();
        table.Write(output, width);
        var text = output.ToString();
        Assert.EndsWith(Environment.NewLine, text);
        return text[..^Environment.NewLine.Length].Split(Environment.NewLine);
    }
}
