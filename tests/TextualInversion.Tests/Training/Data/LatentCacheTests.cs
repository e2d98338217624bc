using System.Buffers.Binary;
using TextualInversion.Checkpoints;
using TextualInversion.Data;
using TextualInversion.Models;
using TextualInversion.Tests.Fixtures;
using TextualInversion.Training.Data;
using TorchSharp;
using static TorchSharp.torch;

namespace TextualInversion.Tests.Training.Data;

public sealed class LatentCacheTests : IDisposable
{
    private const string Key = "0123";
    private readonly TemporaryFolder folder = new();
    private readonly DisposeScope scope = NewDisposeScope();

    private string FilePath => folder.File("latents/0123.latent");

    [Fact]
    public void Find_Kept_HasTheSameBytes()
    {
        var latents = Latents(seed: 1);
        Cache().Keep(Key, latents);

        var found = Cache().Find(Key, CPU)!;

        Assert.Equal(latents.Mean.bytes.ToArray(), found.Mean.bytes.ToArray());
        Assert.Equal(latents.Std.bytes.ToArray(), found.Std.bytes.ToArray());
        Assert.Equal([1, 4, 4, 4], found.Mean.shape);
        Assert.Null(Cache().Find("other", CPU));
    }

    /// <summary>Each byte changed and each length cut: a file is found whole or not at all.</summary>
    [Fact]
    public void Find_DamagedOrCut_IsMissing()
    {
        Cache().Keep(Key, Latents(seed: 1));
        var whole = File.ReadAllBytes(FilePath);
        // The length of the header, and the header: a changed space or field is harmless if all is found as kept.
        var data = 8 + (int)BinaryPrimitives.ReadInt64LittleEndian(whole);

        foreach (var at in Enumerable.Range(0, whole.Length).Where(at => at < 8 || at >= data || at % 7 == 0))
        {
            var damaged = whole.ToArray();
            damaged[at] ^= 0x41;
            File.WriteAllBytes(FilePath, damaged);
            var found = Cache().Find(Key, CPU);
            if (at >= data)
                Assert.Null(found);
            else if (found is not null)
                Assert.Equal(whole.AsSpan(data), [.. found.Mean.bytes, .. found.Std.bytes]);
        }

        foreach (var length in Enumerable.Range(0, whole.Length))
        {
            File.WriteAllBytes(FilePath, whole[..length]);
            Assert.Null(Cache().Find(Key, CPU));
        }
    }

    [Fact]
    public void Find_FileOfAnotherKey_IsMissing()
    {
        Cache().Keep("other", Latents(seed: 2));
        File.Move(folder.File("latents/other.latent"), FilePath);

        Assert.Null(Cache().Find(Key, CPU));

        Cache().Keep(Key, Latents(seed: 1));
        Assert.NotNull(Cache().Find(Key, CPU));
    }

    [Fact]
    public void Keep_FolderIsAFile_DoesNothing()
    {
        File.WriteAllText(folder.File("latents"), "not a folder");

        Cache().Keep(Key, Latents(seed: 1));
        Cache().Shrink();

        Assert.Null(Cache().Find(Key, CPU));
        Assert.Equal("not a folder", File.ReadAllText(folder.File("latents")));
    }

    [Fact]
    public void Shrink_TooMuch_DeletesThoseNotUsedForLongest()
    {
        Cache().Keep("a", Latents(seed: 1));
        Cache().Keep("b", Latents(seed: 2));
        Cache().Keep("c", Latents(seed: 3));
        var bytes = Cache().Size().Bytes;
        foreach (var (name, hours) in new[] { ("a", 3), ("b", 2), ("c", 1) })
            File.SetLastWriteTimeUtc(folder.File($"latents/{name}.latent"), DateTime.UtcNow.AddHours(-hours));
        Assert.NotNull(Cache().Find("a", CPU)); // used now

        Cache(mostBytes: bytes - 1).Shrink();

        Assert.NotNull(Cache().Find("a", CPU));
        Assert.Null(Cache().Find("b", CPU));
        Assert.NotNull(Cache().Find("c", CPU));
        Assert.Equal((2, bytes / 3 * 2), Cache().Size());
    }

    [Fact]
    public void Key_AnyPart_ChangesIt()
    {
        var image = new RgbImage(new byte[2 * 2 * 3], 2, 2);
        string[] keys =
        [
            LatentCache.Key(image, false, "vae", CPU),
            LatentCache.Key(image, true, "vae", CPU),
            LatentCache.Key(image, false, "other vae", CPU),
            LatentCache.Key(image, false, "vae", META),
            LatentCache.Key(new RgbImage(image.Pixels, 4, 1), false, "vae", CPU),
            LatentCache.Key(new RgbImage([1, .. image.Pixels[1..]], 2, 2), false, "vae", CPU),
        ];

        Assert.Equal(keys.Length, keys.Distinct().Count());
        Assert.Equal(keys[0], LatentCache.Key(new RgbImage([.. image.Pixels], 2, 2), false, "vae", CPU));
    }

    [Fact]
    public void Encode_SecondTime_TakesAllFromTheCacheWithTheSameBytes()
    {
        using var model = Model();
        var images = Images();
        List<(int, int)> first = [],
            second = [];

        var without = Encoded(model, images, cache: null, []);
        var kept = Encoded(model, images, Cache(), first);
        var found = Encoded(model, images, Cache(), second);

        Assert.Equal(without, kept);
        Assert.Equal(without, found);
        Assert.Equal((10, 10), first[^1]);
        Assert.Empty(second);
    }

    [Fact]
    public void Encode_OneFileDamaged_EncodesThatImageAlone()
    {
        using var model = Model();
        var images = Images();
        var whole = Encoded(model, images, Cache(), []);
        var file = Directory.GetFiles(folder.File("latents")).Order().First();
        var bytes = File.ReadAllBytes(file);
        File.WriteAllBytes(file, bytes[..^5]);
        List<(int, int)> progress = [];

        var again = Encoded(model, images, Cache(), progress);

        Assert.Equal(whole, again);
        Assert.Equal([(0, 1), (1, 1)], progress);
        Assert.Equal(bytes, File.ReadAllBytes(file));
    }

    public void Dispose()
    {
        scope.Dispose();
        folder.Dispose();
    }

    private static IDiffusionModel Model() =>
        DiffusionModel.Open(
            new ModelFolder(Goldens.Path("models", "sd1")),
            CPU,
            ScalarType.Float32,
            gradientCheckpointing: false
        );

    private static IReadOnlyList<TrainingImage> Images() =>
        TrainingImageSet.Load([Goldens.Sample("my-cat")], 32, CropMode.Center, mask: null).Images;

    private static List<byte[]> Encoded(
        IDiffusionModel model,
        IReadOnlyList<TrainingImage> images,
        LatentCache? cache,
        List<(int, int)> progress
    )
    {
        var encoder = new LatentEncoder(model, cache);
        var (latents, _) = encoder.Encode(images, flip: true, (done, of) => progress.Add((done, of)), default);
        List<byte[]> bytes = [.. latents.Select(each => (byte[])[.. each.Mean.bytes, .. each.Std.bytes])];
        latents.ForEach(each => each.Dispose());
        return bytes;
    }

    private static LatentDistribution Latents(int seed) => new(Values(seed), Values(seed + 100));

    private static Tensor Values(int seed) => arange(64, ScalarType.Float32).add(seed).view(1, 4, 4, 4);

    private LatentCache Cache(long mostBytes = 1 << 20) => new(folder.File("latents"), mostBytes);
}
