using TextualInversion.Hub;
using TextualInversion.Tests.Fixtures;

namespace TextualInversion.Tests.Hub;

/// <summary>A cache as Python's tools write it.</summary>
public sealed class HubCacheTests : IDisposable
{
    private const string First = "1111111111111111111111111111111111111111",
        Second = "2222222222222222222222222222222222222222";

    private readonly TemporaryFolder folder = new();

    private HubCache Cache => new(folder.Path);

    public void Dispose() => folder.Dispose();

    [Fact]
    public void List_NoFolder_IsEmpty() => Assert.Empty(new HubCache(folder.File("nowhere")).List());

    [Theory]
    [InlineData("StableDiffusionPipeline", "quick_gelu", CachedKind.StableDiffusion1)]
    [InlineData("StableDiffusionPipeline", "gelu", CachedKind.StableDiffusion2)]
    [InlineData("StableDiffusionXLPipeline", "quick_gelu", CachedKind.StableDiffusionXl)]
    [InlineData("FluxPipeline", "quick_gelu", CachedKind.Other)]
    internal void List_Kind_IsToldByPipelineAndEncoder(string pipeline, string activation, CachedKind kind)
    {
        Add("a/b", First, "model_index.json", $$"""{"_class_name": "{{pipeline}}"}""");
        Add("a/b", First, "text_encoder/config.json", $$"""{"hidden_act": "{{activation}}"}""");

        Assert.Equal(kind, Assert.Single(Cache.List()).Kind);
    }

    [Fact]
    public void List_SeveralSnapshots_HaveTheirRevisionsAndSizes()
    {
        Add("a/b-c", First, "x.json", "12345");
        Add("a/b-c", Second, "x.json", "12345");
        Add("a/b-c", Second, "y/z.bin", "123");
        Add("openai/clip", First, "vocab.json", "<broken");
        folder.Write("models--a--b-c/refs/main", Second);
        folder.Write("models--a--b-c/refs/refs/pr/1", Second);
        folder.Write("datasets--a--d/snapshots/x/y", "not ours");
        Directory.CreateDirectory(folder.File("models--a--empty"));

        Assert.Equal(
            [("a/b-c", First, "", 5L), ("a/b-c", Second, "main refs/pr/1", 8L), ("openai/clip", First, "", 7L)],
            Cache
                .List()
                .Select(snapshot =>
                    (snapshot.Model, snapshot.Commit, string.Join(' ', snapshot.Revisions), snapshot.Bytes)
                )
        );
    }

    [Fact]
    public void FindSnapshot_BranchCommitOrNone_IsFoundOrNull()
    {
        Add("a/b", First, "x.json", "1");
        folder.Write("models--a--b/refs/main", First + "\n");
        folder.Write("models--a--b/refs/gone", Second);
        folder.Write("models--a--b/refs/bad", "../../..");

        Assert.Equal(folder.File($"models--a--b/snapshots/{First}"), Cache.FindSnapshot(HubId.Parse("a/b")));
        Assert.Equal(folder.File($"models--a--b/snapshots/{First}"), Cache.FindSnapshot(HubId.Parse($"a/b@{First}")));
        Assert.All(
            ["a/b@gone", "a/b@bad", "a/b@v1", $"a/b@{Second}", "a/c"],
            text => Assert.Null(Cache.FindSnapshot(HubId.Parse(text)))
        );
    }

    [Fact]
    public void FilesOf_LinkToNowhere_IsLeftOut()
    {
        Add("a/b", First, "x.json", "1");
        var snapshot = folder.File($"models--a--b/snapshots/{First}");
        File.CreateSymbolicLink(Path.Combine(snapshot, "model_index.json"), "../../blobs/gone");
        File.CreateSymbolicLink(Path.Combine(snapshot, "circle.json"), "circle.json");

        Assert.Equal(["x.json"], HubCache.FilesOf(snapshot));
        Assert.Equal((CachedKind.Other, 1), (Cache.List()[0].Kind, Cache.List()[0].Bytes));
    }

    private void Add(string model, string commit, string path, string content)
    {
        var repository = folder.File("models--" + model.Replace("/", "--", StringComparison.Ordinal));
        var bytes = System.Text.Encoding.UTF8.GetBytes(content);
        var blob = folder.Write(Path.Combine(repository, "blobs", HubServer.BlobOf(path, bytes)), bytes);
        var pointer = Path.Combine(repository, "snapshots", commit, path);
        Directory.CreateDirectory(Path.GetDirectoryName(pointer)!);
        File.CreateSymbolicLink(pointer, Path.GetRelativePath(Path.GetDirectoryName(pointer)!, blob));
    }
}
