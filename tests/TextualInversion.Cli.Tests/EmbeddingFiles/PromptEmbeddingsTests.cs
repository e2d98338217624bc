using TextualInversion.Cli.EmbeddingFiles;
using TextualInversion.Embeddings;
using TextualInversion.Models.Tokenizers;
using TextualInversion.Tensors;
using TextualInversion.Tests.Fixtures;
using static TorchSharp.torch;

namespace TextualInversion.Cli.Tests.EmbeddingFiles;

/// <summary>
/// Which embedding's vectors the tokens of a prompt use. All values of a file's vectors are the file's number.
/// </summary>
public sealed class PromptEmbeddingsTests : IDisposable
{
    private readonly TemporaryFolder folder = new();
    private readonly List<string> warnings = [];

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("bad-hands-5")]
    [InlineData("embedding:bad-hands-5")]
    [InlineData("embedding:bad-hands-5.pt")]
    [InlineData("<bad-hands-5>")]
    [InlineData("(BAD-hands-5:1.3)")]
    public void Rows_CalledInAnyWay_AreInTheTokens(string text)
    {
        Write("bad-hands-5.pt", EmbeddingFormat.WebUi, "cat", 7, vectors: 2);
        Assert.Equal([7, 7], RowsOf($"a cat, {text}"));
        Assert.Equal([7, 7], RowsOf($"a cat, {text}", EmbeddingArgument.Parse(folder.File("bad-hands-5.pt"))));
        Assert.Empty(warnings);
    }

    /// <summary>The WebUI calls an embedding in a LoRA's file by its name there.</summary>
    [Theory]
    [InlineData("my-cat")]
    [InlineData("(MY-CAT:1.3)")]
    [InlineData("<my-cat>")]
    [InlineData("embedding:my-cat")]
    [InlineData("<style>")]
    public void Rows_OfABundle_AreCalledByTheNameInside(string text)
    {
        using var scope = NewDisposeScope();
        SafetensorsFile.Write(
            folder.File("style.safetensors"),
            new Dictionary<string, Tensor>
            {
                ["bundle_emb.my-cat.string_to_param.*"] = full([2, 2], 7f),
                ["lora_unet_x.lora_up.weight"] = ones([4, 1]),
            },
            new Dictionary<string, string>(),
            overwrite: false
        );
        Assert.Equal([7, 7], RowsOf($"a cat, {text}"));
        Assert.Empty(warnings);
    }

    [Theory]
    [InlineData("a caterpillar and a cat, 2 * 3")]
    [InlineData("bad-hands-50, not-bad-hands-5")]
    public void Rows_NotCalled_AreNotInTheTokens(string prompt)
    {
        Write("bad-hands-5.pt", EmbeddingFormat.WebUi, "cat", 7);
        Write("star-2.safetensors", EmbeddingFormat.Diffusers, "*", 8);
        Assert.Empty(RowsOf(prompt));
    }

    [Fact]
    public void Rows_TwoFilesOfOneInnerName_EachByItsStem()
    {
        Write("Thing_v1.pt", EmbeddingFormat.WebUi, "thing", 1);
        Write("Thing_v2.pt", EmbeddingFormat.WebUi, "thing", 2);
        Assert.Equal([2, 1, 2], RowsOf("Thing_v2 embedding:Thing_v1 <thing_v2>"));
        Assert.Empty(warnings);
    }

    [Fact]
    public void Rows_OneTriggerInTwoWidths_AreThoseThatFit()
    {
        Write("a.safetensors", EmbeddingFormat.Diffusers, "<x>", 1, width: 3);
        Write("b.safetensors", EmbeddingFormat.Diffusers, "<x>", 2);
        Assert.Equal([2], RowsOf("<x>"));
        Assert.Empty(warnings);
    }

    [Fact]
    public void Rows_OnlyAnotherWidth_IsAnErrorForANameAndAWarningForAWord()
    {
        Write("portrait.safetensors", EmbeddingFormat.WebUiSafetensors, "portrait", 1, width: 3);
        Assert.Empty(RowsOf("a portrait"));
        Assert.Contains("portrait is taken as text", Assert.Single(warnings), StringComparison.Ordinal);
        var problem = Assert.Throws<TextualInversionException>(() => RowsOf("<portrait>"));
        Assert.Contains("3 wide and the model's 2", problem.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Rows_NamesThatDifferInCase_AreThoseOfTheExactName()
    {
        Write("My-Cat.safetensors", EmbeddingFormat.Diffusers, "<My-Cat>", 1);
        Write("my-cat.safetensors", EmbeddingFormat.Diffusers, "<my-cat>", 2);
        Assert.Equal([1, 2, 2, 1], RowsOf("<My-Cat> <my-cat> embedding:my-cat My-Cat"));
        Assert.Empty(warnings);
    }

    [Fact]
    public void Rows_ConvertedCopy_IsPreferredWithoutAWord()
    {
        Write("my-cat.pt", EmbeddingFormat.WebUi, "<my-cat>", 1);
        Write("my-cat.safetensors", EmbeddingFormat.Diffusers, "<my-cat>", 1);
        using var set = EmbeddingSet.Discover(folder.Path, warnings.Add);
        var called = new PromptEmbeddings(set, ["<my-cat> my-cat"], [2], warnings.Add);
        Assert.Equal(folder.File("my-cat.safetensors"), Assert.Single(called.Set.Arguments).Path);
        Assert.Empty(warnings);
    }

    [Fact]
    public void Rows_OtherRowsOfTheSameName_AreMentioned()
    {
        Write("a.safetensors", EmbeddingFormat.Diffusers, "<x>", 1);
        Write("b.safetensors", EmbeddingFormat.Diffusers, "<x>", 2);
        Assert.Equal([1], RowsOf("<x>"));
        Assert.Contains("b.safetensors has that name too", Assert.Single(warnings), StringComparison.Ordinal);
    }

    [Fact]
    public void Rows_TriggerWithSpaces_AreInTheTokens()
    {
        Write("learned_embeds.bin", EmbeddingFormat.Diffusers, "<Little Prince-moon >", 3);
        Write("My Embedding.safetensors", EmbeddingFormat.WebUiSafetensors, "My Embedding", 4);
        Assert.Equal([3, 4, 4], RowsOf("a <Little Prince-moon > by my embedding, embedding:My Embedding"));
    }

    [Fact]
    public void Rows_SubFolders_AreToldApart()
    {
        foreach (var (sub, number) in new[] { ("a", 1f), ("b", 2f) })
        {
            Directory.CreateDirectory(folder.File(sub));
            Write($"{sub}/hand-1.safetensors", EmbeddingFormat.Diffusers, "*", number);
        }

        Assert.Equal([2, 1], RowsOf("embedding:b/hand-1 embedding:a/hand-1"));
    }

    [Fact]
    public void Rows_NamedFileThatNoPromptCalls_IsMentioned()
    {
        var path = Write("a-b.safetensors", EmbeddingFormat.Diffusers, "<a-b>", 1);
        Assert.Empty(RowsOf("a cat", EmbeddingArgument.Parse(path)));
        Assert.Contains("no prompt calls <a-b>", Assert.Single(warnings), StringComparison.Ordinal);
    }

    [Fact]
    public void Rows_AskedTrigger_CallsTheFile()
    {
        var path = Write("b.pt", EmbeddingFormat.WebUi, "cat", 5);
        Assert.Equal([5, 5, 5], RowsOf("tom <tom> embedding:tom", EmbeddingArgument.Parse($"{path}=tom")));
    }

    [Fact]
    public void BaseModel_OfCalledEmbeddings_IsTheFirstRecorded()
    {
        Write("a-1.safetensors", EmbeddingFormat.Diffusers, "<a-1>", 1, model: "one");
        Write("a-2.safetensors", EmbeddingFormat.Diffusers, "<a-2>", 1, model: "two");
        using var set = EmbeddingSet.Discover(folder.Path, warnings.Add);
        Assert.Equal("two", PromptEmbeddings.BaseModel(set, ["a cat, a-2", "a-1"]));
        Assert.Null(PromptEmbeddings.BaseModel(set, ["a cat"]));
    }

    /// <summary>The numbers of the vectors in the prompt's tokens.</summary>
    private float[] RowsOf(string prompt, params EmbeddingArgument[] arguments)
    {
        using var set =
            arguments.Length > 0 ? EmbeddingSet.Load(arguments) : EmbeddingSet.Discover(folder.Path, warnings.Add);
        var called = new PromptEmbeddings(set, [prompt], [2], warnings.Add);
        var placeholders = called.Placeholders(called.Set.Embeddings, capacity: 75);
        var tokenizer = new PromptTokenizer(DemoTokenizer.Instance, placeholders);
        var rows = called
            .Set.Embeddings.SelectMany(embedding =>
                Enumerable.Range(0, embedding.Vectors).Select(i => embedding.Rows[0][i, 0].item<float>())
            )
            .ToArray();
        return
        [
            .. tokenizer
                .Tokenize(called.Resolve(prompt))
                .Ids.Where(id => id >= DemoTokenizer.Instance.VocabularySize)
                .Select(id => rows[id - DemoTokenizer.Instance.VocabularySize]),
        ];
    }

    private string Write(
        string name,
        EmbeddingFormat layout,
        string trigger,
        float number,
        int vectors = 1,
        int width = 2,
        string? model = null
    )
    {
        var provenance = new Dictionary<string, string>();
        if (model is not null)
            provenance["base_model"] = model;
        using var embedding = new LearnedEmbedding(trigger, [full([vectors, width], number)], provenance);
        EmbeddingFile.Write(folder.File(name), layout, embedding, overwrite: false);
        return folder.File(name);
    }
}
