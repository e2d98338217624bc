using System.Text.Json;
using TextualInversion.Models.Tokenizers;
using TextualInversion.Tensors;
using TextualInversion.Tests.Fixtures;

namespace TextualInversion.Tests.Models.Tokenizers;

[Trait("Category", Goldens.Category)]
public sealed class PromptTokenizerReferenceTests
{
    // The texts of tokenizer.json are encoded with sd1's tokenizer.
    private static readonly ClipTokenizer Tokenizer = new GoldenModel("sd1").Tokenizer();

    public static TheoryData<string> Names => GoldenModel.Names;

    public static TheoryData<string> TrainingFiles => GoldenModel.Files("train-*");

    [Fact]
    public void Tokenize_ReferenceTexts_ArePaddedAndCutAsTransformersDoes()
    {
        var prompts = new PromptTokenizer(Tokenizer, []);
        using var goldens = JsonDocument.Parse(File.ReadAllText(Goldens.Path("tokenizer.json")));
        Assert.All(
            goldens.RootElement.EnumerateArray(),
            item =>
            {
                var tokenized = prompts.Tokenize(item.GetProperty("text").GetString()!);
                Assert.Equal(item.GetProperty("padded").Deserialize<int[]>()!, tokenized.Ids);
                var cut = item.GetProperty("ids").GetArrayLength() - tokenized.Ids.Count;
                Assert.Equal(Math.Max(0, cut), tokenized.Truncated?.Count ?? 0);
            }
        );
    }

    /// <summary>
    /// One vector for each added token. If transformers finds a token in the vocabulary already (its id is not a new
    /// one) and uses that, our tokenizer refuses the placeholder token: learning it would change every prompt that
    /// contains it.
    /// </summary>
    [Fact]
    public void Tokenize_AddedTokens_AreMatchedAsTransformersDoes()
    {
        using var goldens = JsonDocument.Parse(File.ReadAllText(Goldens.Path("tokenizer-added.json")));
        Assert.All(
            goldens.RootElement.EnumerateArray(),
            group =>
            {
                var placeholders = group
                    .GetProperty("added")
                    .EnumerateArray()
                    .Select(name => Placeholder.Parse(name.GetString()!))
                    .ToList();
                if (group.GetProperty("added_ids").EnumerateArray().Any(id => id.GetInt32() < Tokenizer.VocabularySize))
                {
                    Assert.Throws<TextualInversionException>(() => new PromptTokenizer(Tokenizer, placeholders));
                    return;
                }

                var prompts = new PromptTokenizer(Tokenizer, placeholders);
                Assert.All(
                    group.GetProperty("cases").EnumerateArray(),
                    item =>
                    {
                        var tokenized = prompts.Tokenize(item.GetProperty("text").GetString()!);
                        Assert.Equal(
                            item.GetProperty("ids").Deserialize<int[]>()!,
                            tokenized.Ids.Take(tokenized.EndOfTextPosition + 1)
                        );
                    }
                );
            }
        );
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Tokenize_ReferencePrompts_AreTheIdsOfEachTextEncoder(string name)
    {
        var model = new GoldenModel(name);
        var prompts = JsonSerializer.Deserialize<string[]>(model.Numbers.Metadata["prompts"])!;
        foreach (var suffix in model.TextSuffixes)
            AssertIds(
                model.Numbers,
                suffix.Length == 0 ? "text.ids" : "text2.ids",
                new PromptTokenizer(model.Tokenizer(suffix), []),
                prompts
            );
    }

    /// <summary>
    /// diffusers' captions list the vectors, <c>&lt;it&gt; &lt;it&gt;_1 &lt;it&gt;_2</c>; ours contain the placeholder
    /// token once.
    /// </summary>
    [Theory]
    [MemberData(nameof(TrainingFiles))]
    public void Tokenize_TrainingCaptions_AreTheIdsOfEveryStep(string name)
    {
        var (file, model) = (Goldens.Open(name), GoldenModel.Of(name));
        var placeholder = Placeholder.Parse(file.Metadata["placeholder"], int.Parse(file.Metadata["vectors"], null));
        var rows = string.Concat(Enumerable.Range(1, placeholder.Vectors - 1).Select(row => $" {placeholder}_{row}"));
        var captions = JsonSerializer
            .Deserialize<string[]>(file.Metadata["captions"])!
            .Select(caption => caption.Replace($"{placeholder}{rows}", placeholder.Name, StringComparison.Ordinal))
            .ToArray();
        foreach (var (encoder, suffix) in model.TextSuffixes.Index())
        {
            var prompts = new PromptTokenizer(model.Tokenizer(suffix), [placeholder]);
            var keys = file
                .Tensors.Keys.Where(key => key.EndsWith($".ids{encoder}", StringComparison.Ordinal))
                .ToList();
            Assert.NotEmpty(keys);
            Assert.All(keys, key => AssertIds(file, key, prompts, captions));
        }
    }

    private static void AssertIds(SafetensorsFile file, string key, PromptTokenizer prompts, string[] texts)
    {
        using var expected = file.Read(key);
        var ids = prompts.Tokenize(texts).Ids;
        Assert.Equal(expected.shape, new long[] { ids.GetLength(0), ids.GetLength(1) });
        Assert.Equal(expected.data<long>().ToArray(), ids.Cast<long>());
    }
}
