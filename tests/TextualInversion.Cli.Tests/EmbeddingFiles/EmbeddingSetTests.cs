using TextualInversion.Cli.EmbeddingFiles;
using TextualInversion.Cli.Train;
using TextualInversion.Embeddings;
using TextualInversion.Tests.Fixtures;
using static TorchSharp.torch;

namespace TextualInversion.Cli.Tests.EmbeddingFiles;

public sealed class EmbeddingSetTests : IDisposable
{
    private readonly TemporaryFolder folder = new();
    private readonly List<string> warnings = [];

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("a photo of <my-cat>", "a photo of <my-cat>")]
    [InlineData("a photo of <MY-CAT>s", "a photo of <MY-CAT>s")]
    [InlineData("a photo, embedding:tom_v2, cute", "a photo, <my-cat>, cute")]
    [InlineData("a photo, tom_v2", "a photo, <my-cat>")]
    [InlineData("a photo, (TOM_v2:1.2)", "a photo, (<my-cat>:1.2)")]
    [InlineData("a photo, tom_v2-b", null)]
    [InlineData("a photo of <tom_v2>", null)]
    [InlineData("a photo", null)]
    public void Searched_Prompt_FindsByTriggerOrStem(string prompt, string? resolved)
    {
        Write("tom_v2.safetensors", EmbeddingLayout.Diffusers, "<my-cat>");
        using var shelf = EmbeddingSet.Searched(folder.Path, [prompt], warnings.Add, out var triggers);
        Assert.Equal(resolved is null ? [] : ["<my-cat>"], shelf.Embeddings.Select(embedding => embedding.Trigger));
        Assert.Equal(resolved ?? prompt, shelf.Resolve(prompt));
        Assert.Equal(["<my-cat>"], triggers);
        Assert.Empty(warnings);
    }

    [Fact]
    public void Searched_StemThatIsAWord_IsLeftToThePrompt()
    {
        Write("cat.safetensors", EmbeddingLayout.Diffusers, "<my-cat>");
        using var shelf = EmbeddingSet.Searched(folder.Path, ["a photo of a cat"], warnings.Add, out _);
        Assert.Empty(shelf.Embeddings);
    }

    [Fact]
    public void Searched_AllLayouts_AreRead()
    {
        var layouts = Enum.GetValues<EmbeddingLayout>().Where(layout => layout != EmbeddingLayout.Sdxl).ToList();
        foreach (var layout in layouts)
            Write($"e-{layout}{EmbeddingLayouts.Extension(layout)}", layout, $"<e-{layout}>");
        using var shelf = EmbeddingSet.Searched(
            folder.Path,
            [string.Join(' ', layouts.Select(layout => $"<e-{layout}>")) + " e-Bare"],
            warnings.Add,
            out _
        );
        Assert.Equal(layouts.Count, shelf.Embeddings.Count);
        Assert.Empty(warnings);
    }

    [Fact]
    public void Searched_Clash_IsReportedAndTheFirstCounts()
    {
        Write("a.safetensors", EmbeddingLayout.Diffusers, "<my-cat>");
        Write("b.pt", EmbeddingLayout.WebUi, "<My-Cat>");
        using var shelf = EmbeddingSet.Searched(folder.Path, ["<my-cat>"], warnings.Add, out _);
        Assert.Single(shelf.Embeddings);
        Assert.Contains(folder.File("a.safetensors"), Assert.Single(warnings));
    }

    [Fact]
    public void Named_FileTriggerOrFolder_IsTaken()
    {
        var path = Write("tom_v2.safetensors", EmbeddingLayout.WebUiSafetensors, "tom_v2");
        foreach (
            var (argument, expected) in new[]
            {
                (path, "tom_v2"),
                ($"{path}=our-cat", "<our-cat>"),
                (folder.Path, "tom_v2"),
            }
        )
        {
            using var shelf = EmbeddingSet.Named([EmbeddingArgument.Parse(argument)], ["tom_v2"], warnings.Add);
            Assert.Equal(expected, Assert.Single(shelf.Embeddings).Trigger);
        }
    }

    [Fact]
    public void Initializer_File_GivesItsRowsIfTheyFit()
    {
        var path = Write("cat.safetensors", EmbeddingLayout.Diffusers, "<cat>");
        Assert.Equal([1, 2], Assert.Single(InitializerFile.TryRead(path, 1, [2])!).shape);
        Assert.Null(InitializerFile.TryRead("cat", 1, [2]));
        Assert.Null(InitializerFile.TryRead(null, 1, [2]));
        Assert.Contains(
            "say --vectors 1",
            Assert.Throws<TextualInversionException>(() => InitializerFile.TryRead(path, 3, [2])).Message
        );
        Assert.Contains(
            "2 wide and the model's 128",
            Assert.Throws<TextualInversionException>(() => InitializerFile.TryRead(path, 1, [128])).Message
        );
        Assert.Contains(
            "no such file",
            Assert.Throws<TextualInversionException>(() => InitializerFile.TryRead("nowhere.pt", 1, [2])).Message
        );
    }

    private string Write(string name, EmbeddingLayout layout, string trigger)
    {
        using var embedding = new LearnedEmbedding(
            trigger,
            [tensor(new[] { 1f, 2 }, [1, 2])],
            new Dictionary<string, string>()
        );
        EmbeddingFile.Write(folder.File(name), layout, embedding, overwrite: false);
        return folder.File(name);
    }
}
