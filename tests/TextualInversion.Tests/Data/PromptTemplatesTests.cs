using TextualInversion.Data;
using TextualInversion.Tests.Fixtures;

namespace TextualInversion.Tests.Data;

public sealed class PromptTemplatesTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData(LearnedProperty.Object, 27, 27, "a photo of a {}", "a photo of a small {}")]
    [InlineData(LearnedProperty.Style, 19, 17, "a painting in the style of {}", "a large painting in the style of {}")]
    public void For_Property_GivesThePublishedList(
        LearnedProperty property,
        int count,
        int distinct,
        string first,
        string last
    )
    {
        var templates = PromptTemplates.For(property);

        Assert.Equal(
            (count, distinct, first, last),
            (templates.Count, templates.Distinct().Count(), templates[0], templates[^1])
        );
        Assert.All(templates, template => Assert.EndsWith(" {}", template, StringComparison.Ordinal));
    }

    [Fact]
    public void For_UnknownProperty_Throws() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => PromptTemplates.For((LearnedProperty)9));

    [Fact]
    public void Read_File_SkipsCommentsAndEmptyLines()
    {
        var path = folder.Write(
            "templates.txt",
            "\uFEFF# mine\r\n  {} on a beach \r\n\r\n\t# a photo\na photo of {} and {}"
        );
        Assert.Equal(["{} on a beach", "a photo of {} and {}"], PromptTemplates.Read(path));
    }

    [Fact]
    public void Read_TemplatesOfTheWebUi_NameIsTheSlot()
    {
        var path = folder.Write("object.txt", "a photo of a [name]\na rendering of a [name]");
        Assert.Equal(["a photo of a {}", "a rendering of a {}"], PromptTemplates.Read(path));
    }

    [Fact]
    public void Read_TemplateOfTheWebUiWithCaption_Throws()
    {
        var path = folder.Write("object_filewords.txt", "a photo of a [name]\na photo of a [name], [filewords]");
        var error = Assert.Throws<TextualInversionException>(() => PromptTemplates.Read(path));
        Assert.StartsWith($"{path}, line 2: [filewords] ", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_LineWithoutSlot_NamesFileAndLine()
    {
        var path = folder.Write("templates.txt", "# mine\n\na photo of {}\na photo of a cat\n");
        AssertError(path, $"{path}, line 4: \"a photo of a cat\" has no {{}}; put it where the placeholder belongs.");
    }

    [Fact]
    public void Read_NoTemplate_Throws()
    {
        var path = folder.Write("templates.txt", "# mine\n");
        AssertError(path, $"{path}: has no template; write one per line, with {{}} where the placeholder belongs.");
    }

    [Fact]
    public void Read_NotUtf8_Throws()
    {
        var path = folder.Write("templates.txt", [(byte)'{', (byte)'}', 0xFF]);
        AssertError(path, $"{path}: is not UTF-8 text; save it as UTF-8.");
    }

    [Fact]
    public void Format_EachSlot_BecomesThePlaceholder() =>
        Assert.Equal("<my-cat> beside <my-cat> {0}", PromptTemplates.Format("{} beside {} {0}", "<my-cat>"));

    private static void AssertError(string path, string message) =>
        Assert.Equal(message, Assert.Throws<TextualInversionException>(() => PromptTemplates.Read(path)).Message);
}
