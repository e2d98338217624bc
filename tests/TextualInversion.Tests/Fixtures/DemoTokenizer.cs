using TextualInversion.Models.Tokenizers;

namespace TextualInversion.Tests.Fixtures;

/// <summary>
/// The tokenizer of the demo model in this repository. Its vocabulary has cat, dog, a, photo and of, but not ginger.
/// </summary>
internal static class DemoTokenizer
{
    public static string Folder { get; } = Path.Combine(Goldens.Repository, "samples", "demo-model", "tokenizer");

    public static ClipTokenizer Instance { get; } = ClipTokenizer.Load(Folder);

    public static int Id(string word) => Assert.Single(Instance.Encode(word));
}
