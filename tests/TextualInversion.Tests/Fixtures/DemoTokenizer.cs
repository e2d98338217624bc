using TextualInversion.Models.Tokenizers;

namespace TextualInversion.Tests.Fixtures;

/// <summary>
/// The demo model's tokenizer, which is part of the repository: cat, dog, a, photo, of are tokens; ginger and many
/// others are not.
/// </summary>
internal static class DemoTokenizer
{
    public static string Folder { get; } = Path.Combine(Goldens.Repository, "samples", "demo-model", "tokenizer");

    public static ClipTokenizer Instance { get; } = ClipTokenizer.Load(Folder);

    public static int Id(string word) => Assert.Single(Instance.Encode(word));
}
