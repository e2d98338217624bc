using TextualInversion.Cli.Tests.Sweep;
using TextualInversion.Data;
using TextualInversion.Evaluation;
using TextualInversion.Generation;
using TextualInversion.Tests.Fixtures;
using static TorchSharp.torch;

namespace TextualInversion.Cli.Tests.Train;

/// <summary>
/// Words that are learned together from images of two objects, on the demo model. The images are composed of the
/// samples: a half of one next to a half of another.
/// </summary>
[Trait("Category", "EndToEnd")]
public sealed class SharedImagesTests : IDisposable
{
    private const int Half = 96, // pixels, of samples that are 192 wide
        Generated = 10;

    private static readonly (string Name, int Left)[] Objects = [("cat", 44), ("dog", 48)];

    // In these samples the object fits into a half.
    private static readonly (int Number, string Where)[] Samples =
    [
        (1, ""),
        (3, " on a wooden table"),
        (5, " on a beach"),
    ];

    private readonly SweepTestFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task Train_TwoObjectsInSharedImages_EachWordAloneDrawsItsOwn()
    {
        WriteImages();
        var (exitCode, _, error) = await TiRunner.RunAsync([
            "train",
            "--together",
            "--model",
            "demo",
            "--images",
            folder.File("images"),
            .. Objects.SelectMany(each =>
                new[] { "--concept", $"token=my-{each.Name} initializer={each.Name} vectors=2" }
            ),
            "--steps",
            "250",
            "--patience",
            "0",
            "--seed",
            "1",
            "--output",
            folder.Output,
        ]);
        Assert.True(exitCode == 0, error);

        var right = new List<(string Name, int Count)>();
        foreach (var (name, _) in Objects)
            right.Add((name, await CountOwnAsync(name)));
        Assert.True(right.TrueForAll(each => 10 * each.Count >= 9 * Generated), string.Join(", ", right));
    }

    /// <summary>
    /// Generates images of a word alone, and counts those whose object CLIP calls by its name and that look more like
    /// the word's samples than like those of the other word.
    /// </summary>
    private async Task<int> CountOwnAsync(string name)
    {
        var (exitCode, paths, error) = await TiRunner.RunAsync(
            "generate",
            "--model",
            "demo",
            "--prompt",
            $"a photo of a <my-{name}>",
            "--embedding",
            folder.File($"out/embeddings/my-{name}.safetensors"),
            "--count",
            $"{Generated}",
            "--steps",
            "15",
            "--guidance",
            "4",
            "--seed",
            "1",
            "--output",
            folder.File($"generated-{name}")
        );
        Assert.True(exitCode == 0, error);
        using var clip = new ClipScorer(Goldens.Sample("demo-model", "clip"), CPU);
        string[] words = ["cat", "dog", "fish", "bird", "car", "boat", "ball", "mushroom", "flower", "robot"];
        var texts = words.Select(word => clip.Embed($"a photo of a {word}")).ToList();
        var samples = Objects.ToDictionary(
            each => each.Name,
            each =>
                Enumerable
                    .Range(1, 5)
                    .Select(number =>
                        clip.Embed(ImageDecoder.Decode(Goldens.Sample($"my-{each.Name}", $"{number}.png")))
                    )
                    .ToList()
        );
        return paths.Split('\n', StringSplitOptions.RemoveEmptyEntries).Count(path => IsOwn(clip.Embed(Decode(path))));

        bool IsOwn(float[] image) =>
            words[texts.IndexOf(texts.MaxBy(text => ClipScorer.Cosine(image, text))!)] == name
            && samples.MaxBy(each => each.Value.Average(sample => ClipScorer.Cosine(image, sample))).Key == name;
    }

    /// <summary>Four images of each object alone, and six of both, each object on either side.</summary>
    private void WriteImages()
    {
        foreach (var (name, _) in Objects)
        {
            foreach (var (number, where) in Samples.Append((2, " on the grass")))
            {
                Directory.CreateDirectory(folder.File("images"));
                File.Copy(Goldens.Sample($"my-{name}", $"{number}.png"), folder.File($"images/{name}-{number}.png"));
                folder.Write($"images/{name}-{number}.txt", $"a photo of a <my-{name}>{where}");
            }
        }

        foreach (var (left, right) in new[] { (Objects[0], Objects[1]), (Objects[1], Objects[0]) })
        {
            foreach (var (number, where) in Samples)
            {
                var name = $"images/{left.Name}-{right.Name}-{number}";
                Compose(folder.File($"{name}.png"), left, right, number);
                folder.Write($"{name}.txt", $"a photo of a <my-{left.Name}> and a <my-{right.Name}>{where}");
            }
        }
    }

    private static void Compose(string path, (string Name, int Left) left, (string Name, int Left) right, int number)
    {
        var halves = new[] { left, right }
            .Select(each => (Decode(Goldens.Sample($"my-{each.Name}", $"{number}.png")), each.Left))
            .ToList();
        var height = halves[0].Item1.HeightPixels;
        var pixels = new byte[2 * Half * height * 3];
        foreach (var (side, (image, start)) in halves.Index())
        {
            for (var y = 0; y < height; y++)
                Array.Copy(
                    image.Pixels,
                    (y * image.WidthPixels + start) * 3,
                    pixels,
                    (y * 2 * Half + side * Half) * 3,
                    Half * 3
                );
        }

        ImageFile.Write(path, pixels, 2 * Half, height, "", overwrite: false);
    }

    private static RgbImage Decode(string path) => ImageDecoder.Decode(path);
}
