using TextualInversion.Models.Tokenizers;
using TextualInversion.Tests.Fixtures;

namespace TextualInversion.Tests.Models.Tokenizers;

/// <summary>
/// In the expected texts <c>#i</c> is vector i of all placeholder tokens; the rest are tokens of the vocabulary.
/// </summary>
public sealed class PromptTokenizerTests
{
    private static readonly ClipTokenizer Tokenizer = DemoTokenizer.Instance;

    [Theory]
    [InlineData("<my-cat>", "#0 #1")]
    [InlineData("a photo of <my-cat>", "a</w> photo</w> of</w> #0 #1")]
    [InlineData("<my-cat> on a beach", "#0 #1 on</w> a</w> beach</w>")]
    [InlineData("<MY-CAT>, (<My-Cat>)", "#0 #1 ,</w> (</w> #0 #1 )</w>")]
    [InlineData("x<my-cat>s", "x</w> #0 #1 s</w>")]
    [InlineData("<my-cat><my-cat>", "#0 #1 #0 #1")]
    [InlineData("<my-cat-2> <my-cat>", "#2 #0 #1")]
    [InlineData("<my-cat>-2", "#0 #1 -</w> 2</w>")]
    [InlineData("a cat", "a</w> cat</w>")]
    [InlineData("sks <sks> sksx", "#3 <</w> #3 ></w> #3 x</w>")]
    [InlineData("sks+ sks", "#4 #3")]
    [InlineData("<|endoftext|><my-cat>", "<|endoftext|> #0 #1")]
    [InlineData("", "")]
    public void Tokenize_Prompt_FindsPlaceholdersBeforeBpe(string prompt, string expected)
    {
        var tokenized = Prompts("<my-cat>:2", "<my-cat-2>:1", "sks:1", "sks+:1").Tokenize(prompt);
        Assert.Equal(expected, Content(tokenized));
    }

    [Theory]
    [InlineData("<a>", "<a>b", "<a>b", "#1")]
    [InlineData("<a>b", "<a>", "<a>b<a>", "#0 #1")]
    public void Tokenize_OneNameInAnother_TakesTheLongest(string first, string second, string prompt, string expected)
    {
        Assert.Equal(expected, Content(Prompts($"{first}:1", $"{second}:1").Tokenize(prompt)));
    }

    [Fact]
    public void Tokenize_AccentTypedApart_IsTheSamePlaceholder() =>
        Assert.Equal("#0", Content(Prompts("<É-1>:1").Tokenize("<e\u0301-1>")));

    [Fact]
    public void Tokenize_Prompt_ReportsThePlaceholdersInIt()
    {
        var prompts = Prompts("<my-cat>:2", "<my-dog>:1", "<my-boat>:1");
        var present = prompts.Tokenize("<my-boat> and <my-cat> and <MY-BOAT>").Placeholders;
        Assert.Equal(["<my-cat>", "<my-boat>"], present.Select(placeholder => placeholder.Name));
        Assert.Empty(prompts.Tokenize("a cat").Placeholders);
        Assert.Equal(4, prompts.RowCount);
    }

    [Fact]
    public void Tokenize_ShortPrompt_IsPaddedBehindTheFirstEndOfText()
    {
        var tokenized = Prompts("<my-cat>:1").Tokenize("a <my-cat>");
        Assert.Equal(Tokenizer.MaxLength, tokenized.Ids.Count);
        Assert.Equal(Tokenizer.BeginningOfText, tokenized.Ids[0]);
        Assert.Equal(3, tokenized.EndOfTextPosition);
        Assert.All(tokenized.Ids.Skip(4), id => Assert.Equal(Tokenizer.Padding, id));
        Assert.Null(tokenized.Truncated);
        Assert.Equal(2, Prompts().Tokenize("a <|endoftext|> cat").EndOfTextPosition);
    }

    [Fact]
    public void Tokenize_FullPrompt_IsNotCut()
    {
        var tokenized = Prompts().Tokenize(string.Join(' ', Enumerable.Repeat("cat", Tokenizer.MaxLength - 2)));
        Assert.Null(tokenized.Truncated);
        Assert.Equal(Tokenizer.MaxLength - 1, tokenized.EndOfTextPosition);
    }

    [Fact]
    public void Tokenize_LongPrompt_ReportsWhatWasCut()
    {
        var words = string.Join(' ', Enumerable.Repeat("cat", Tokenizer.MaxLength - 3));
        var prompts = Prompts("<my-cat>:2", "<my-dog>:1");

        var tokenized = prompts.Tokenize($"{words} dog, on <my-dog> a <my-cat> beach");
        Assert.Equal(new Truncation(7, ", on <my-dog> a <my-cat> beach"), tokenized.Truncated);
        Assert.Empty(tokenized.Placeholders);
        Assert.Equal((DemoTokenizer.Id("dog"), Tokenizer.EndOfText), (tokenized.Ids[^2], tokenized.Ids[^1]));

        var halved = prompts.Tokenize($"{words} <my-cat><my-cat>");
        Assert.Equal(new Truncation(3, "<my-cat> <my-cat>"), halved.Truncated);
        Assert.Equal("<my-cat>", Assert.Single(halved.Placeholders).Name);
    }

    [Fact]
    public void Tokenize_Batch_IsOneArray()
    {
        var tokens = Prompts("<my-cat>:1").Tokenize(["<my-cat>", "a photo of a cat"]);
        Assert.Equal((2, Tokenizer.MaxLength), (tokens.Ids.GetLength(0), tokens.Ids.GetLength(1)));
        Assert.Equal([2L, 6L], tokens.EndOfTextPositions);
        Assert.Equal(Tokenizer.VocabularySize, tokens.Ids[0, 1]);
        Assert.Equal(DemoTokenizer.Id("cat"), tokens.Ids[1, 5]);
    }

    [Fact]
    public void Tokenize_EmptyBatch_IsRefused() =>
        Assert.Throws<ArgumentException>(() => Prompts().Tokenize(Array.Empty<string>()));

    [Theory]
    [InlineData("The model's vocabulary already holds *. Choose another placeholder, or write \"<*>\".", "*:1")]
    [InlineData("The model's vocabulary already holds Cat. Choose another placeholder, or write \"<Cat>\".", "Cat:1")]
    [InlineData("Duplicate placeholder <MY-CAT>; rename one.", "<my-cat>:1", "<MY-CAT>:2")]
    [InlineData(
        "The placeholder my<|endoftext|>cat holds one of the tokenizer's special tokens. Choose another name.",
        "my<|endoftext|>cat:1"
    )]
    [InlineData("The placeholder <my-cat> has 76 vectors, and a prompt has room for 75. Use fewer.", "<my-cat>:76")]
    public void Constructor_UnusablePlaceholder_SaysWhatToDo(string message, params string[] placeholders) =>
        Assert.Equal(message, Assert.Throws<TextualInversionException>(() => Prompts(placeholders)).Message);

    /// <summary>Makes a tokenizer from a list of name:vectors.</summary>
    private static PromptTokenizer Prompts(params string[] placeholders) =>
        new(
            Tokenizer,
            [
                .. placeholders
                    .Select(text => text.Split(':'))
                    .Select(parts => Placeholder.Parse(parts[0], int.Parse(parts[1], null))),
            ]
        );

    /// <summary>
    /// The ids between the beginning and the first end of text, as text. The demo model pads with the end of text.
    /// </summary>
    private static string Content(TokenizedPrompt prompt) =>
        string.Join(
            ' ',
            prompt.Ids.Skip(1).Reverse().SkipWhile(id => id == Tokenizer.EndOfText).Reverse().Select(Show)
        );

    private static string Show(int id) =>
        id >= Tokenizer.VocabularySize ? $"#{id - Tokenizer.VocabularySize}" : Tokenizer.TokenText(id);
}
