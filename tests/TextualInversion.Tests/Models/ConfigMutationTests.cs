using System.Collections.Concurrent;
using System.Text.Json;
using System.Text.Json.Nodes;
using TextualInversion.Checkpoints;
using TextualInversion.Evaluation;
using TextualInversion.Generation;
using TextualInversion.Models;
using TextualInversion.Models.Autoencoders;
using TextualInversion.Models.Clip;
using TextualInversion.Models.Tokenizers;
using TextualInversion.Models.Unets;
using TextualInversion.Schedulers;
using TextualInversion.Tests.Fixtures;
using static TorchSharp.torch;

namespace TextualInversion.Tests.Models;

/// <summary>
/// Changes every key of every config in type, sign and size: the model either works, or the error names the file. Every
/// part that a config affects is used, so that a wrong value that is accepted shows.
/// </summary>
[Trait("Category", Goldens.Category)]
public sealed class ConfigMutationTests
{
    private const long MostBytes = 256 << 20; // which one case may allocate
    private const string Placeholder = "MUTATION",
        Demo = "demo-model";

    private static readonly string[] Values =
    [
        "null",
        "true",
        "-2147483648",
        "-1",
        "0",
        "0.5",
        "1",
        "3",
        "128",
        "1024",
        "2147483647",
        "9223372036854775807",
        "1e308",
        "\"\"",
        "\"x\"",
        "\"\\ud800\"",
        "[]",
        "[-1]",
        "[2147483647]",
        "[null]",
        "{}",
    ];

    /// <summary>
    /// The settings, as JSON, with which a network was used already. Keys without effect need no second use.
    /// </summary>
    private readonly ConcurrentDictionary<string, bool> used = [];

    public static TheoryData<string, string> Configs =>
        new()
        {
            { "sdxl", "unet/config.json" },
            { "sdxl", "vae/config.json" },
            { "sdxl", "text_encoder_2/config.json" },
            { "sdxl", "tokenizer/tokenizer_config.json" },
            { "sdxl", "tokenizer/special_tokens_map.json" },
            { "sdxl", "scheduler/scheduler_config.json" },
            { "sdxl", "model_index.json" },
            { "sd1", "unet/config.json" },
            { "sd1", "text_encoder/config.json" },
            { "clip", "config.json" },
            { "clip", "preprocessor_config.json" },
            { Demo, "generation_config.json" },
        };

    [Theory]
    [MemberData(nameof(Configs))]
    public void Open_AnyKeyChanged_WorksOrNamesTheFile(string model, string config)
    {
        var text = File.ReadAllText(Path.Combine(Source(model), config));
        var cases = Paths(JsonNode.Parse(text)!, []).SelectMany(path => Values.Select(value => (path, value))).ToList();
        var wrong = new ConcurrentBag<string>();
        var accepted = 0;

        Parallel.ForEach(
            cases,
            new ParallelOptions { MaxDegreeOfParallelism = 2 },
            () => CopyOf(model, config),
            (mutation, _, folder) =>
            {
                File.WriteAllText(folder.File(config), Mutated(text, mutation.path, mutation.value));
                var problem = Problem(folder, model, config);
                if (problem is null)
                    Interlocked.Increment(ref accepted);
                else if (problem.Length > 0)
                    wrong.Add($"{string.Join('.', mutation.path)} = {mutation.value}: {problem}");
                return folder;
            },
            folder => folder.Dispose()
        );

        Assert.Empty(wrong.Order(StringComparer.Ordinal));
        Assert.InRange(accepted, 1, cases.Count - 1);
    }

    /// <summary>Null if the model works, empty if the error is right, otherwise the problem.</summary>
    private string? Problem(TemporaryFolder folder, string model, string config)
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        try
        {
            using var scope = NewDisposeScope();
            Use(folder.Path, config);
            var bytes = GC.GetAllocatedBytesForCurrentThread() - before;
            return bytes <= MostBytes ? null : $"allocates {bytes:N0} bytes";
        }
        catch (TextualInversionException error)
        {
            return error.Message.Contains(folder.File(config), StringComparison.Ordinal) ? "" : error.Message;
        }
        catch (Exception error) // the test looks for any other exception
        {
            return error.ToString();
        }
    }

    private void Use(string path, string config)
    {
        var isClip = config is "config.json" or "preprocessor_config.json";
        var files = isClip ? null : new ModelFolder(path);
        switch (config)
        {
            case "config.json":
                UseClip(path);
                break;
            case "preprocessor_config.json":
                _ = new ClipImageProcessor(path, imageSize: 32);
                break;
            case "model_index.json":
                PipelineIndex.Read(files!);
                break;
            case "scheduler/scheduler_config.json":
                UseScheduler(files!);
                break;
            case "generation_config.json":
                UseRecommendations(files!);
                break;
            case "unet/config.json" or "vae/config.json":
                UseLatentNetworks(files!);
                break;
            default:
                UseText(files!, config.Contains("_2/", StringComparison.Ordinal) ? "_2" : "");
                break;
        }
    }

    private void UseLatentNetworks(ModelFolder files)
    {
        using var networks = new LatentNetworks(files, CPU, ScalarType.Float32, gradientCheckpointing: false);
        var isXl = files.Family == ModelFamily.StableDiffusionXl;
        networks.RequireText(textWidth: isXl ? 80 : 32, isXl ? "text_time" : null);
        if (isXl)
            networks.RequirePooledText(files.Config<ClipTextConfig>("text_encoder_2").ProjectionDim);
        var (unet, vae) = (networks.UNetConfig, files.Config<VaeConfig>("vae"));
        if (IsUsed(unet with { Others = null }, vae with { Others = null }))
            return;
        var latents = zeros(1, 4, 8, 8);
        networks.VaeEncoder.Encode(networks.VaeDecoder.Decode(latents));
        var added = isXl ? new AddedConditioning(zeros(1, PooledWidth(unet)), zeros(1, SizeConditioning.Length)) : null;
        var conditioning = new Conditioning(zeros(1, 77, unet.CrossAttentionDim), added);
        networks.UNet.Forward(latents, tensor(new[] { 500L }), conditioning);
    }

    private static int PooledWidth(UNetConfig unet) =>
        unet.ProjectionClassEmbeddingsInputDim!.Value - SizeConditioning.Length * unet.AdditionTimeEmbedDim!.Value;

    private void UseText(ModelFolder files, string suffix)
    {
        var part = $"text_encoder{suffix}";
        var config = files.Config<ClipTextConfig>(part);
        var check = new ConfigCheck(files.DisplayPath($"{part}/config.json"));
        config.RequireFit(new ConfigWeights(check, files.Weights(part), ClipTextEncoder.Rename));
        var tokenizer = ClipTokenizer.Load(files.TokenizerFolder($"tokenizer{suffix}"));
        tokenizer.RequireFit(config.VocabSize, config.MaxPositionEmbeddings);
        var tokens = new PromptTokenizer(tokenizer, []).Tokenize(["a cat"]);
        if (IsUsed(config, tokens.Ids.Cast<long>()))
            return;
        using var text = new PromptEncoder(files, suffix, CPU, hasProjection: suffix.Length > 0);
        text.Encode(tokens, rows: null);
    }

    private static void UseScheduler(ModelFolder files)
    {
        var config = ModelScheduler.Load(files, prediction: null);
        _ = new NoiseSchedule(config);
        var steps = Math.Min(config.NumTrainTimesteps, 5);
        using var sampler = Samplers.Create(Samplers.OfFolder(config) ?? SamplerKind.Ddim, config, steps);
        sampler.Step(zeros(1, 4, 2, 2), 0, zeros(1, 4, 2, 2));
    }

    private static void UseRecommendations(ModelFolder files)
    {
        var wishes = GenerationDefaults.Read(files);
        var settings = new GenerationSettings
        {
            Prompt = "",
            Sampler = Samplers.Parse(wishes.Sampler ?? "ddim"),
            Steps = wishes.NumInferenceSteps ?? GenerationDefaults.DefaultSteps,
            Guidance = wishes.GuidanceScale ?? GenerationDefaults.DefaultGuidance,
            Width = 64,
            Height = 64,
        };
        settings.Validate();
        Samplers.Create(settings.Sampler, ModelScheduler.Load(files, prediction: null), settings.Steps).Dispose();
    }

    private void UseClip(string path)
    {
        var file = Path.Combine(path, ClipModel.ConfigFile);
        if (IsUsed(ConfigJson.Parse<ClipConfig>(File.ReadAllText(file), file)))
            return;
        using var clip = new ClipModel(path, CPU);
        clip.EmbedTexts(["a cat"]);
        clip.EmbedImages(zeros(1, 3, clip.ImageSize, clip.ImageSize));
    }

    private bool IsUsed(params object[] settings) => !used.TryAdd(JsonSerializer.Serialize(settings), true);

    private static string Source(string model) => model == Demo ? Goldens.Sample(Demo) : Goldens.Path("models", model);

    /// <summary>A folder with links to the model's files, except for the one that is changed.</summary>
    private static TemporaryFolder CopyOf(string model, string config)
    {
        var folder = new TemporaryFolder();
        var source = Source(model);
        foreach (var file in Directory.EnumerateFiles(source, "*", SearchOption.AllDirectories))
        {
            var name = Path.GetRelativePath(source, file);
            Directory.CreateDirectory(Path.GetDirectoryName(folder.File(name))!);
            if (name != config)
                File.CreateSymbolicLink(folder.File(name), file);
        }

        return folder;
    }

    /// <summary>The positions of all values: keys of objects and indices of lists, at any depth.</summary>
    private static IEnumerable<object[]> Paths(JsonNode node, object[] path)
    {
        var children = node switch
        {
            JsonObject all => all.Select(pair => (Step: (object)pair.Key, pair.Value)),
            JsonArray all => all.Select((value, index) => (Step: (object)index, value)),
            _ => [],
        };
        foreach (var (step, value) in children)
        {
            yield return [.. path, step];
            if (value is null)
                continue;
            foreach (var inner in Paths(value, [.. path, step]))
                yield return inner;
        }
    }

    private static string Mutated(string text, object[] path, string value)
    {
        var root = JsonNode.Parse(text)!;
        var parent = path[..^1].Aggregate(root, (node, step) => step is int index ? node[index]! : node[(string)step]!);
        if (path[^1] is int last)
            parent[last] = Placeholder;
        else
            parent[(string)path[^1]] = Placeholder;
        return root.ToJsonString().Replace($"\"{Placeholder}\"", value, StringComparison.Ordinal);
    }
}
