using System.Text.Json;
using System.Text.Json.Nodes;
using TextualInversion.Models.Tokenizers;
using TextualInversion.Tests.Fixtures;

namespace TextualInversion.Tests.Models.Tokenizers;

/// <summary>Folders whose only file is <c>tokenizer.json</c>.</summary>
public sealed class BpeTablesTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    private string FilePath => folder.File("tokenizer.json");

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void ReadTokenizer_SameTables_GiveTheSameIds(bool mergesAsPairs)
    {
        Write(TokenizerJson(mergesAsPairs));

        var tokenizer = ClipTokenizer.Load(folder.Path);

        Assert.Equal(DemoTokenizer.Instance.VocabularySize, tokenizer.VocabularySize);
        Assert.Equal((77, tokenizer.EndOfText), (tokenizer.MaxLength, tokenizer.Padding));
        foreach (var text in new[] { "a photo of a ginger cat", "isn't it? 3.5", "naïve 猫" })
            Assert.Equal(DemoTokenizer.Instance.Encode(text), tokenizer.Encode(text));
    }

    [Fact]
    public void ReadTokenizer_AddedTokens_AreMatchedBeforeBpe()
    {
        var json = TokenizerJson(mergesAsPairs: true);
        var size = DemoTokenizer.Instance.VocabularySize;
        json["added_tokens"]!.AsArray().Add(Added(size, "<cat-toy>", normalized: true));
        Write(json);

        var tokenizer = ClipTokenizer.Load(folder.Path);

        Assert.Equal(size + 1, tokenizer.VocabularySize);
        Assert.Equal(
            [DemoTokenizer.Id("a"), size, size, DemoTokenizer.Id("cat")],
            tokenizer.Encode("a <cat-toy><CAT-TOY>cat")
        );
    }

    /// <summary>A model that diffusers' script for textual inversion saved whole, with what it learned.</summary>
    [Fact]
    public void Load_AddedTokensNextToTheVocabulary_AreMatchedBeforeBpe()
    {
        var size = DemoTokenizer.Instance.VocabularySize;
        foreach (var file in Directory.EnumerateFiles(Goldens.Sample("demo-model", "tokenizer")))
            File.Copy(file, folder.File(Path.GetFileName(file)));
        folder.Write(
            "added_tokens.json",
            $$"""{"<|endoftext|>": {{DemoTokenizer.Instance.EndOfText}}, "<cat-toy>": {{size}}}"""
        );

        var tokenizer = ClipTokenizer.Load(folder.Path);

        Assert.Equal(size + 1, tokenizer.VocabularySize);
        Assert.Equal([DemoTokenizer.Id("a"), size, DemoTokenizer.Id("cat")], tokenizer.Encode("a <cat-toy>cat"));
        Assert.Equal(DemoTokenizer.Instance.EndOfText, tokenizer.EndOfText);
    }

    [Theory]
    [InlineData("""{"<a>": 5}""")]
    [InlineData("""{"<a>": 1000000}""")]
    [InlineData("""["<a>"]""")]
    public void Load_AddedTokensThatDoNotFollowTheVocabulary_Throws(string added)
    {
        foreach (var file in Directory.EnumerateFiles(Goldens.Sample("demo-model", "tokenizer")))
            File.Copy(file, folder.File(Path.GetFileName(file)));
        var path = folder.Write("added_tokens.json", added);
        var error = Assert.Throws<TextualInversionException>(() => ClipTokenizer.Load(folder.Path));
        Assert.StartsWith($"{path}: ", error.Message, StringComparison.Ordinal);
    }

    /// <summary>The file says whether a special token is matched in any case, as in transformers.</summary>
    [Fact]
    public void ReadTokenizer_Normalized_DecidesAboutTheCase()
    {
        Write(TokenizerJson(mergesAsPairs: true));
        var tokenizer = ClipTokenizer.Load(folder.Path);

        Assert.Contains(tokenizer.BeginningOfText, tokenizer.Encode("a<|STARTOFTEXT|>cat"));
        Assert.DoesNotContain(tokenizer.EndOfText, tokenizer.Encode("a<|ENDOFTEXT|>cat"));
        Assert.Contains(tokenizer.EndOfText, tokenizer.Encode("a<|endoftext|>cat"));
    }

    [Theory]
    [InlineData("[]", "it has no model")]
    [InlineData("{}", "it has no model")]
    [InlineData("<html>", "")]
    [InlineData(
        """{"model": {"type": "Unigram", "end_of_word_suffix": "</w>", "vocab": {}, "merges": []}}""",
        "its model is Unigram"
    )]
    [InlineData(
        """{"model": {"type": "BPE", "vocab": {}, "merges": []}}""",
        "its model is BPE with the end of word \"\""
    )]
    [InlineData(
        """{"model": {"type": "BPE", "end_of_word_suffix": "</w>", "vocab": {}, "merges": []}}""",
        "it holds no tokens"
    )]
    [InlineData(
        """{"model": {"type": "BPE", "end_of_word_suffix": "</w>", "vocab": {"a": 0, "b": 2}, "merges": []}}""",
        "its ids are not 0 to 1, each once"
    )]
    [InlineData("""{"model": {"type": "BPE", "end_of_word_suffix": "</w>", "vocab": {"a": 0}}}""", "")]
    [InlineData(
        """{"model": {"type": "BPE", "end_of_word_suffix": "</w>", "vocab": {"a": 0}, "merges": ["a"]}}""",
        "merge 1 is not a pair of tokens: a"
    )]
    [InlineData(
        """{"model": {"type": "BPE", "end_of_word_suffix": "</w>", "vocab": {"a": 0}, "merges": [null]}}""",
        "merge 1 is not a pair of tokens: "
    )]
    [InlineData(
        """{"model": {"type": "BPE", "end_of_word_suffix": "</w>", "vocab": {"a": 0}, "merges": [["a", "b"]]}}""",
        "merge 1 merges a b, and the vocabulary lacks"
    )]
    [InlineData(
        """
            {
              "model": {"type": "BPE", "end_of_word_suffix": "</w>", "vocab": {"a": 0}, "merges": []},
              "added_tokens": [{"id": 1, "content": "a", "normalized": false}]
            }
            """,
        "it gives a the ids 0 and 1"
    )]
    [InlineData(
        """
            {
              "model": {"type": "BPE", "end_of_word_suffix": "</w>", "vocab": {"a": 0}, "merges": []},
              "added_tokens": [{}]
            }
            """,
        ""
    )]
    public void ReadTokenizer_Malformed_NamesTheFileAndWhy(string content, string why)
    {
        File.WriteAllText(FilePath, content);
        var error = Assert.Throws<TextualInversionException>(() => ClipTokenizer.Load(folder.Path));
        Assert.StartsWith(
            $"{FilePath}: is not a CLIP tokenizer's file: {why}",
            error.Message,
            StringComparison.Ordinal
        );
    }

    private static JsonObject Added(int id, string content, bool normalized) =>
        new()
        {
            ["id"] = id,
            ["content"] = content,
            ["normalized"] = normalized,
        };

    private static JsonObject TokenizerJson(bool mergesAsPairs)
    {
        var tables = BpeTables.Read(
            Path.Combine(DemoTokenizer.Folder, "vocab.json"),
            Path.Combine(DemoTokenizer.Folder, "merges.txt")
        );
        return new JsonObject
        {
            ["added_tokens"] = new JsonArray(
                Added(DemoTokenizer.Instance.BeginningOfText, "<|startoftext|>", normalized: true),
                Added(DemoTokenizer.Instance.EndOfText, "<|endoftext|>", normalized: false)
            ),
            ["model"] = new JsonObject
            {
                ["type"] = "BPE",
                ["end_of_word_suffix"] = "</w>",
                ["vocab"] = JsonSerializer.SerializeToNode(tables.Vocabulary),
                ["merges"] = JsonSerializer.SerializeToNode(
                    mergesAsPairs ? (object)tables.Merges.Select(merge => merge.Split(' ')) : tables.Merges
                ),
            },
        };
    }

    private void Write(JsonObject json) => File.WriteAllText(FilePath, json.ToJsonString());
}
