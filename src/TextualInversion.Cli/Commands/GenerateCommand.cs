using System.CommandLine;
using System.Diagnostics;
using System.Text.RegularExpressions;
using TextualInversion.Cli.Rendering;
using TextualInversion.Generation;
using TextualInversion.Models;
using TextualInversion.Schedulers;
using static TorchSharp.torch;

namespace TextualInversion.Cli.Commands;

/// <summary><c>ti generate</c>: pictures from a prompt.</summary>
internal sealed partial class GenerateCommand : Documented
{
    private readonly Option<string> prompt = new("--prompt") { HelpName = "TEXT", Description = "What to draw; learned words stand in it as <my-cat>.", Required = true };
    private readonly Option<string?> negative = new("--negative") { HelpName = "TEXT", Description = "What not to draw. Default: nothing, as the model was trained for it." };
    private readonly Option<string[]> embeddings = new("--embedding") { HelpName = "FILE[=trigger]|DIR", Description = "A learned word of any layout, under another trigger if one is given, or a folder of them; may be repeated. Default: those in embeddings/ whose trigger the prompt holds." };
    private readonly ModelOptions model = new();
    private readonly Option<int> count = new("--count") { HelpName = "N", Description = "Pictures; picture i uses seed + i. Default: 1.", DefaultValueFactory = _ => 1 };
    private readonly Option<ulong?> seed = SharedOptions.Seed();
    private readonly Option<int?> steps = new("--steps") { HelpName = "N", Description = "Steps of the sampler. Default: the model's recommendation, else 30." };
    private readonly Option<double?> guidance = new("--guidance") { HelpName = "X", Description = "How strictly the prompt is followed; 1 is not at all beyond the model's own reading. Default: the model's recommendation, else 7.5." };
    private readonly Option<string?> sampler = new("--sampler") { HelpName = "NAME", Description = $"{Samplers.Summary.ToLowerInvariant()}, or diffusers' class name. Default: the model's recommendation, else its own." };
    private readonly Option<int?> width = new("--width") { HelpName = "N", Description = "In pixels, a multiple of 8. Default: the model's." };
    private readonly Option<int?> height = new("--height") { HelpName = "N", Description = "In pixels, a multiple of 8. Default: the model's." };
    private readonly Option<string> device = SharedOptions.Device();
    private readonly Option<Precision> precision = SharedOptions.Precision();
    private readonly Option<string> output = new("--output") { HelpName = "DIR|FILE", Description = "A folder, in which files are numbered on, or a .png file. Default: pictures.", DefaultValueFactory = _ => "pictures" };
    private readonly Option<bool> overwrite = SharedOptions.Overwrite();
    private readonly Option<bool> quiet = SharedOptions.Quiet();
    private readonly Option<bool> json = SharedOptions.Json();

    public GenerateCommand(ModelLocator models)
        : base("generate", "Draws pictures from a prompt, with learned words in it. The settings are inside each PNG, where the WebUI reads them.")
    {
        AddGroup("Most used", prompt, negative, embeddings, model.Model, count, seed, steps, guidance, sampler, width, height);
        AddGroup("Model", model.Variant, model.Config, model.Vae, model.Prediction);
        AddGroup("Machine", device, precision);
        AddGroup("Output", output, overwrite, quiet, json);
        SetAction((parsed, cancellationToken) => RunAsync(parsed, models, cancellationToken));
    }

    public override IReadOnlyList<string> Examples =>
    [
        "ti generate --model demo --prompt \"a painting of <my-cat> on a beach\" --count 4",
        "ti generate --model demo --prompt \"a photo of a red cat\" --sampler \"dpm++ 2m karras\" --steps 20 --guidance 4 --seed 7",
    ];

    private async Task<int> RunAsync(ParseResult parsed, ModelLocator models, CancellationToken cancellationToken)
    {
        var messages = new Messages(parsed.InvocationConfiguration.Error, parsed.GetValue(quiet));
        var pictures = parsed.GetValue(count);
        if (pictures < 1) throw new TextualInversionException($"--count {pictures}: choose at least 1.");
        var firstSeed = parsed.GetValue(seed) ?? SharedOptions.DrawSeed();
        var paths = new PicturePaths(parsed.GetValue(output)!, pictures, parsed.GetValue(overwrite));
        string[] texts = [parsed.GetValue(prompt)!, parsed.GetValue(negative) ?? ""];
        using var shelf = FindEmbeddings(parsed, texts, messages);

        var recorded = shelf.Embeddings.Select(embedding => embedding.Provenance.GetValueOrDefault("base_model")).FirstOrDefault(name => name is not null);
        var (modelName, files) = await models.FindAsync(model.Read(parsed), recorded, messages, cancellationToken);
        var scheduler = Machine.Scheduler(files, model.Forced(parsed));
        using var network = Machine.Open(files, parsed.GetValue(device)!, parsed.GetValue(precision));
        var tokenizers = new PromptTokenizers(network.Tokenizers, shelf.Placeholders([.. network.Vocabularies.Select(vocabulary => vocabulary.shape[1])]));
        WarnOfPrompts(texts, tokenizers.First, messages);
        var defaults = GenerationDefaults.Read(files);
        var options = new GenerateOptions
        {
            Prompt = texts[0],
            Negative = parsed.GetValue(negative),
            Sampler = ChooseSampler(parsed.GetValue(sampler) ?? defaults.Sampler, scheduler),
            Steps = parsed.GetValue(steps) ?? defaults.NumInferenceSteps ?? 30,
            Guidance = parsed.GetValue(guidance) ?? defaults.GuidanceScale ?? 7.5,
            Width = parsed.GetValue(width) ?? network.Resolution,
            Height = parsed.GetValue(height) ?? network.Resolution,
        };
        options.Validate();
        messages.Say($"model {modelName}, {Samplers.DisplayName(options.Sampler)}, {options.Width} x {options.Height}, seed {firstSeed}");

        using var scope = NewDisposeScope();
        var painter = new TextToImage(network, scheduler, tokenizers, shelf.Rows(network.Device));
        var made = new List<(string Path, ulong Seed)>();
        var clock = Stopwatch.StartNew();
        var isCancelled = false;
        using (var display = new ProgressDisplay(messages.Error, messages.Quiet, "step"))
        {
            for (var i = 0; i < pictures && !isCancelled; i++)
            {
                var done = i;
                var pictureSeed = firstSeed + (ulong)i;
                var progress = new Report<(int Step, int Steps)>(at => display.Show(done * at.Steps + at.Step, pictures * at.Steps, pictures == 1 ? "" : $"  picture {done + 1}/{pictures}"));
                try
                {
                    var picture = painter.Generate(options, pictureSeed, progress, cancellationToken);
                    made.Add((paths.Write(picture, WebUiParameters.Format(options, pictureSeed, Path.GetFileName(modelName.TrimEnd('/')), "ti")), pictureSeed));
                }
                catch (OperationCanceledException)
                {
                    isCancelled = true;
                }
            }
        }

        WriteResult(parsed, made, modelName, shelf, clock.Elapsed.TotalSeconds);
        return isCancelled ? throw new OperationCanceledException() : 0;
    }

    private EmbeddingShelf FindEmbeddings(ParseResult parsed, string[] texts, Messages messages)
    {
        if (parsed.GetValue(embeddings) is { Length: > 0 } named) return EmbeddingShelf.Named(named, texts, messages.Warn);
        var shelf = EmbeddingShelf.Searched(EmbeddingShelf.Folder, texts, messages.Warn, out var triggers);
        var unknown = texts.SelectMany(text => AngleBrackets().Matches(text).Select(match => match.Value))
            .Where(text => !shelf.Embeddings.Any(embedding => text.Contains(embedding.Trigger, StringComparison.OrdinalIgnoreCase))).Distinct();
        foreach (var text in unknown)
        {
            var nearest = triggers.MinBy(trigger => EditDistance.Between(trigger, text));
            messages.Warn($"no embedding in {EmbeddingShelf.Folder}/ has the trigger {text}, so it is read as ordinary text; {(nearest is null ? "name one with --embedding" : $"the nearest is {nearest}")}.");
        }

        if (shelf.Embeddings.Count == 0 && triggers.Count > 0) messages.Warn($"the prompt holds no learned word; {EmbeddingShelf.Folder}/ has {string.Join(", ", triggers)}.");
        return shelf;
    }

    private static void WarnOfPrompts(string[] texts, PromptTokenizer tokenizer, Messages messages)
    {
        var tokenized = texts.Select(tokenizer.Tokenize).ToList();
        foreach (var placeholder in tokenizer.Placeholders.Where(placeholder => !tokenized.Exists(text => text.Placeholders.Contains(placeholder))))
            messages.Warn($"the prompt does not hold {placeholder.Name}, so that embedding has no effect.");
        foreach (var truncated in tokenized.Select(text => text.Truncated).OfType<Truncation>())
            messages.Warn($"the prompt is too long; its last {truncated.Count} tokens are not seen: \"{truncated.Text}\".");
    }

    internal static SamplerKind ChooseSampler(string? name, SchedulerConfig scheduler) =>
        name is not null ? Samplers.Parse(name)
        : Samplers.OfFolder(scheduler) ?? throw new TextualInversionException($"The model's own sampler {scheduler.ClassName} is not supported; choose one with --sampler, such as \"dpm++ 2m\".");

    private void WriteResult(ParseResult parsed, List<(string Path, ulong Seed)> made, string modelName, EmbeddingShelf shelf, double seconds)
    {
        var output = parsed.InvocationConfiguration.Output;
        if (!parsed.GetValue(json))
        {
            foreach (var (path, _) in made) output.WriteLine(JsonOutput.Relative(path));
            return;
        }

        output.WriteLine(JsonOutput.Serialize(new
        {
            Images = made.Select(picture => new { Path = JsonOutput.Relative(picture.Path), picture.Seed }),
            Model = modelName,
            Embeddings = shelf.Embeddings.Select(embedding => embedding.Trigger),
            SecondsPerImage = made.Count == 0 ? 0 : seconds / made.Count,
            PeakMemoryBytes = Machine.PeakMemoryBytes(),
        }));
    }

    [GeneratedRegex("<[^<>|]+>")]
    private static partial Regex AngleBrackets();
}
