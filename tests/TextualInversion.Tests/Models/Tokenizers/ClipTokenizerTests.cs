using System.Text.Json;
using TextualInversion.Models.Tokenizers;
using TextualInversion.Tests.Fixtures;

namespace TextualInversion.Tests.Models.Tokenizers;

public sealed class ClipTokenizerTests
{
    [Fact]
    public void Encode_AwkwardTexts_AreTransformersIds()
    {
        var path = Path.Combine(
            Goldens.Repository,
            "tests",
            "TextualInversion.Tests",
            "Fixtures",
            "clip-tokenizer-cases.json"
        );
        using var fixture = JsonDocument.Parse(File.ReadAllText(path));
        Assert.All(
            fixture.RootElement.GetProperty("cases").EnumerateArray(),
            item =>
                Assert.Equal(
                    item.GetProperty("ids").Deserialize<int[]>()!,
                    DemoTokenizer.Instance.Encode(item.GetProperty("text").GetString()!)
                )
        );
    }

    [Theory]
    [InlineData("\uA7CE")] // Latin letters and a script that Unicode 17 gave lower cases, which .NET 10 does not know
    [InlineData("\uA7D2")]
    [InlineData("\uA7D4")]
    [InlineData("\U00016EA0")]
    public void Normalize_CaseNewInUnicode17_StaysUpper(string text) =>
        Assert.Equal(text, ClipPreTokenizer.Normalize(text));

    [Fact]
    [Trait("Category", Goldens.Category)]
    public void Encode_ReferenceTexts_AreTransformersIds()
    {
        var tokenizer = ClipTokenizer.Load(Goldens.Path("models", "sd1", "tokenizer"));
        using var goldens = JsonDocument.Parse(File.ReadAllText(Goldens.Path("tokenizer.json")));
        Assert.All(
            goldens.RootElement.EnumerateArray(),
            item =>
                Assert.Equal(
                    item.GetProperty("ids").Deserialize<int[]>()![1..^1],
                    tokenizer.Encode(item.GetProperty("text").GetString()!)
                )
        );
    }

    [Theory]
    [InlineData("a photo of a cat", "a photo of a cat")]
    [InlineData("CAT,  naïve 猫!", "cat , naïve 猫 !")]
    [InlineData("", "")]
    public void Decode_EncodedText_IsReadable(string text, string expected) =>
        Assert.Equal(expected, DemoTokenizer.Instance.Decode(DemoTokenizer.Instance.Encode(text)));

    [Fact]
    public void Decode_IdsOutsideTheVocabulary_AreLeftOut() =>
        Assert.Equal(
            "cat",
            DemoTokenizer.Instance.Decode([-1, DemoTokenizer.Id("cat"), DemoTokenizer.Instance.VocabularySize])
        );

    [Theory]
    [InlineData("cat", true)]
    [InlineData("*", true)]
    [InlineData("ginger", false)]
    [InlineData("", false)]
    public void IsSingleToken_Text_TellsWhetherTheVocabularyHoldsIt(string text, bool expected) =>
        Assert.Equal(expected, DemoTokenizer.Instance.IsSingleToken(text));

    [Fact]
    public void NearestWords_WordTypedWrong_ProposesTheNearestFirst() =>
        Assert.Equal(["flower", "lower"], DemoTokenizer.Instance.NearestWords("Flowr", 2));

    [Fact]
    public void Load_Folder_TakesTheSpecialTokens()
    {
        var tokenizer = DemoTokenizer.Instance;
        Assert.Equal(77, tokenizer.MaxLength);
        Assert.Equal("<|startoftext|>", tokenizer.TokenText(tokenizer.BeginningOfText));
        Assert.Equal("<|endoftext|>", tokenizer.TokenText(tokenizer.EndOfText));
        Assert.Equal(tokenizer.EndOfText, tokenizer.Padding);
        Assert.Equal(tokenizer.VocabularySize - 1, tokenizer.EndOfText);
    }

    [Fact]
    public void Load_PaddingOfItsOwn_IsMatchedVerbatim()
    {
        using var folder = new TemporaryFolder();
        CopyTokenizer(folder);
        File.WriteAllText(
            folder.File("special_tokens_map.json"),
            """
            {"bos_token": {"content": "<|startoftext|>", "normalized": true},
             "eos_token": {"content": "<|endoftext|>", "normalized": true},
             "unk_token": {"content": "<|endoftext|>", "normalized": true}, "pad_token": "!"}
            """
        );
        var tokenizer = ClipTokenizer.Load(folder.Path);
        Assert.Equal(0, tokenizer.Padding);
        // The ids are those of transformers with SDXL's second tokenizer.
        Assert.Equal([DemoTokenizer.Id("cat"), 0, 0, tokenizer.EndOfText], tokenizer.Encode("cat!! <|ENDOFTEXT|>"));
    }

    [Fact]
    public void Load_WithoutConfiguration_HasTheDefaultsOfClip()
    {
        using var folder = new TemporaryFolder();
        CopyTokenizer(folder);
        File.Delete(folder.File("tokenizer_config.json"));
        File.Delete(folder.File("special_tokens_map.json"));
        var tokenizer = ClipTokenizer.Load(folder.Path);
        Assert.Equal((77, DemoTokenizer.Instance.EndOfText), (tokenizer.MaxLength, tokenizer.Padding));
    }

    [Theory]
    [InlineData("20", 20)]
    [InlineData("1000000000000000019884624838656", 77)]
    public void Load_ModelMaxLength_IsTakenUnlessEndless(string json, int expected)
    {
        using var folder = new TemporaryFolder();
        CopyTokenizer(folder);
        File.WriteAllText(folder.File("tokenizer_config.json"), $"{{\"model_max_length\": {json}}}");
        Assert.Equal(expected, ClipTokenizer.Load(folder.Path).MaxLength);
    }

    [Theory]
    [InlineData("vocab.json")]
    [InlineData("merges.txt")]
    public void Load_FileMissing_NamesItAndWhatToDo(string name)
    {
        using var folder = new TemporaryFolder();
        CopyTokenizer(folder);
        File.Delete(folder.File(name));
        var error = Assert.Throws<TextualInversionException>(() => ClipTokenizer.Load(folder.Path));
        Assert.StartsWith($"{folder.File(name)}: cannot be read (", error.Message, StringComparison.Ordinal);
        Assert.EndsWith("name the folder of one.", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("vocab.json", "{\"a\": ", "")]
    [InlineData("vocab.json", "{\"a\": \"b\"}", "")]
    [InlineData("vocab.json", "null", "it holds no tokens")]
    [InlineData("vocab.json", "{\"a\": 0, \"b\": 2}", "its ids are not 0 to 1, each once")]
    [InlineData("vocab.json", "{\"a\": 0, \"b\": 0}", "its ids are not 0 to 1, each once")]
    [InlineData("merges.txt", "#version: 0.2\no f</w>\nof", "line 3 is not a pair of tokens: of")]
    [InlineData(
        "merges.txt",
        "o f</w>\nq qqq",
        "line 2 merges q qqq, and the vocabulary lacks one of the two or the result"
    )]
    [InlineData("tokenizer_config.json", "[]", "it is not a JSON object")]
    [InlineData(
        "tokenizer_config.json",
        "{\"model_max_length\": 2}",
        "model_max_length is 2; it must be a whole number of at least 3"
    )]
    [InlineData(
        "special_tokens_map.json",
        "{\"bos_token\": 1}",
        "bos_token is neither a string nor an object with a content"
    )]
    [InlineData(
        "special_tokens_map.json",
        "{\"bos_token\": {\"content\": 1}}",
        "bos_token is neither a string nor an object with a content"
    )]
    [InlineData("special_tokens_map.json", "<html>", "")]
    [InlineData(
        "special_tokens_map.json",
        "{\"bos_token\": \"\\ud800\"}",
        "the string \"\\ud800\" at bos_token is not valid Unicode (half of a surrogate pair)"
    )]
    [InlineData("vocab.json", "{\"a\": 0, \"\\udc00\": 1}", "the string \"\\udc00\" at a is not valid Unicode")]
    public void Load_FileMalformed_NamesItAndWhy(string name, string content, string why)
    {
        using var folder = new TemporaryFolder();
        CopyTokenizer(folder);
        File.WriteAllText(folder.File(name), content);
        var error = Assert.Throws<TextualInversionException>(() => ClipTokenizer.Load(folder.Path));
        Assert.StartsWith(
            $"{folder.File(name)}: is not a CLIP tokenizer's file: {why}",
            error.Message,
            StringComparison.Ordinal
        );
        Assert.EndsWith(". Download it again.", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_SpecialTokenNotInVocabulary_NamesBoth()
    {
        using var folder = new TemporaryFolder();
        CopyTokenizer(folder);
        File.WriteAllText(folder.File("special_tokens_map.json"), "{\"pad_token\": \"<pad>\"}");
        var error = Assert.Throws<TextualInversionException>(() => ClipTokenizer.Load(folder.Path));
        Assert.Contains(
            "special_tokens_map.json: is not a CLIP tokenizer's file: pad_token is <pad>, which ",
            error.Message,
            StringComparison.Ordinal
        );
    }

    private static void CopyTokenizer(TemporaryFolder folder)
    {
        foreach (var file in Directory.EnumerateFiles(DemoTokenizer.Folder))
            File.WriteAllBytes(folder.File(Path.GetFileName(file)), File.ReadAllBytes(file));
    }
}
