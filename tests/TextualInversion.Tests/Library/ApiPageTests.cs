using System.Reflection;
using TextualInversion.Tests.Fixtures;

namespace TextualInversion.Tests.Library;

public sealed class ApiPageTests
{
    private static readonly string Page = Path.Combine(Goldens.Repository, "docs", "api.md");

    /// <summary>TI_UPDATE_SNAPSHOTS=1 writes the page.</summary>
    [Fact]
    public async Task Page_IsMadeFromTheComments()
    {
        var page = ApiPage.Make();
        if (Environment.GetEnvironmentVariable("TI_UPDATE_SNAPSHOTS") == "1")
            await File.WriteAllTextAsync(Page, page);
        Assert.Equal(page, await File.ReadAllTextAsync(Page));
    }

    /// <summary>Every type and property is on the page, and every one has a comment.</summary>
    [Fact]
    public void Page_TypesAndProperties_AreThereWithTheirComments()
    {
        var page = ApiPage.Make();
        foreach (var type in typeof(StableDiffusionModel).Assembly.GetExportedTypes())
        {
            Assert.Matches($@"\n## {type.Name}\n\n`[^\n]*`\n\n[^\n-]", page);
            var section = page[page.IndexOf($"\n## {type.Name}\n", StringComparison.Ordinal)..];
            foreach (
                var property in type.GetProperties(
                    BindingFlags.Public | BindingFlags.DeclaredOnly | BindingFlags.Instance
                )
            )
                Assert.Matches($@"\n- `[^\n`]* {property.Name}`: \S", section);
        }
    }

    [Theory]
    [InlineData(
        "- `string? Token`: The placeholder token that will stand for the embedding in prompts, such as `my-cat`, which"
    )]
    [InlineData("- `IReadOnlyList<string>? Templates`: Prompt templates")]
    [InlineData(
        "- `new Embedding(string token, IReadOnlyList<float[,]> rows, EmbeddingProvenance? provenance = null)`: "
    )]
    [InlineData("- `void Save(string path, bool overwrite = false)`: ")]
    [InlineData("  - Throws [`TextualInversionException`](#textualinversionexception): ")]
    [InlineData(
        "- `static Task<StableDiffusionModel> LoadAsync(string source, LoadOptions? options = null, CancellationToken "
    )]
    public void Page_Member_IsWrittenAsInCSharp(string line) =>
        Assert.Contains($"\n{line}", ApiPage.Make(), StringComparison.Ordinal);
}
