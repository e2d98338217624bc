using TextualInversion.Checkpoints;

namespace TextualInversion.Tests.Fixtures;

/// <summary>The reference checkpoints in one file, each next to the same model as a folder.</summary>
internal static class GoldenSingleFiles
{
    public static TheoryData<string> Names =>
        [
            .. Directory
                .GetFiles(Goldens.Path("models"), "*-original.*")
                .Select(file => Path.GetFileName(file))
                .Order(StringComparer.Ordinal),
        ];

    public static ModelFolder FolderOf(string file) =>
        new(Goldens.Path("models", file[..file.IndexOf("-original", StringComparison.Ordinal)]));
}
