using System.CommandLine;
using System.Diagnostics;
using System.Text.RegularExpressions;
using TextualInversion.Cli.Rendering;
using TextualInversion.Data;
using TextualInversion.Generation;
using TextualInversion.Models;
using TextualInversion.Schedulers;

namespace TextualInversion.Cli.Commands;

/// <summary><c>ti generate</c>: pictures from a prompt.</summary>
internal sealed partial class GenerateCommand : Documented
{
    private readonly Option<string?> prompt = new("--prompt") { HelpName = "TEXT", Description = "What to draw; learned words stand in it as <my-cat>, weights as (red:1.3), and BREAK begins a new chunk of 75 tokens." };
    private readonly Option<string?> negative = new("--negative") { HelpName = "TEXT", Description = "What not to draw. Default: nothing, as the model was trained for it." };
    private readonly Option<string[]> embeddings = new("--embedding") { HelpName = "FILE[=trigger][@strength]|DIR", Description = "A learned word of any layout, under another trigger or at another strength than 1 if one is given (0 is the word that it started from), or a folder of them; may be repeated. Default: those in embeddings/ whose trigger the prompt holds." };
    private readonly ModelOptions model = new();
    private readonly Option<int> count = new("--count") { HelpName = "N", Description = "Pictures of each prompt; picture i uses seed + i. Default: 1.", DefaultValueFactory = _ => 1 };
    private readonly Option<ulong?> seed = SharedOptions.Seed();
    private readonly Option<int?> steps = new("--steps") { HelpName = "N", Description = "Steps of the sampler. Default: the model's recommendation, else 30." };
    private readonly Option<double?> guidance = new("--guidance") { HelpName = "X", Description = "How strictly the prompt is followed; 1 is not at all beyond the model's own reading. Default: the model's recommendation, else 7.5." };
    private readonly Option<string?> sampler = new("--sampler") { HelpName = "NAME", Description = $"{Samplers.Summary.ToLowerInvariant()}, or diffusers' class name. Default: the model's recommendation, else its own." };
    private readonly Option<int?> width = new("--width") { HelpName = "N", Description = "In pixels, a multiple of 8. Default: the model's." };
    private readonly Option<int?> height = new("--height") { HelpName = "N", Description = "In pixels, a multiple of 8. Default: the model's." };
    private readonly Option<string?> prompts = new("--prompts") { HelpName = "FILE", Description = "Prompts, one a line, in the place of --prompt." };
    private readonly Option<string?> from = new("--from") { HelpName = "PICTURE", Description = "Repeats a picture from the settings inside it; what else is given counts in their place." };
    private readonly Option<string?> initImage = new("--init-image") { HelpName = "FILE", Description = "A picture to start from, cut and resized to the size of the result. Default size then: the picture's shape, its shorter side the model's." };
    private readonly Option<double?> strength = new("--strength") { HelpName = "X", Description = "How much of --init-image is overpainted, up to 1. Default: 0.75." };
    private readonly Option<int?> clipSkip = new("--clip-skip") { HelpName = "N", Description = "Takes the text encoder's states N - 1 blocks before the model's own choice, as the WebUI counts. Default: 1." };
    private readonly Option<double?> guidanceRescale = new("--guidance-rescale") { HelpName = "X", Description = "Takes back the contrast that strong guidance adds, from 0 to 1; 0.7 suits models with zero terminal SNR. Default: 0." };
    private readonly Option<double?> eta = new("--eta") { HelpName = "X", Description = "Noise that DDIM adds, from 0 to 1. Default: 0." };
    private readonly Option<string?> gridX = new("--grid-x") { HelpName = "NAME=VALUES", Description = $"A grid whose columns differ, as in seed=1..4 or strength=0,0.5,1: {GridAxis.Names}." };
    private readonly Option<string?> gridY = new("--grid-y") { HelpName = "NAME=VALUES", Description = "The same for its rows." };
    private readonly Option<string> device = SharedOptions.Device();
    private readonly Option<Precision> precision = SharedOptions.Precision();
    private readonly Option<int> batch = new("--batch") { HelpName = "N", Description = "Pictures at once. More need more memory, and pay on a GPU only; a pixel may then differ by 1 from the same picture made alone. Default: 1.", DefaultValueFactory = _ => 1 };
    private readonly Option<string> output = new("--output") { HelpName = "DIR|FILE", Description = "A folder, in which files are numbered on, or a .png, .jpg or .webp file, which of a grid takes the sheet alone. Default: pictures.", DefaultValueFactory = _ => "pictures" };
    private readonly Option<string?> format = new("--format") { HelpName = "png|jpg|webp", Description = "Default: the file's ending, else png." };
    private readonly Option<bool> grid = new("--grid") { Description = "Puts all pictures on one sheet, too." };
    private readonly Option<bool> overwrite = SharedOptions.Overwrite();
    private readonly Option<bool> quiet = SharedOptions.Quiet();
    private readonly Option<bool> json = SharedOptions.Json();

    public GenerateCommand(ModelLocator models)
        : base("generate", "Draws pictures from a prompt, with learned words in it. The settings are inside each picture, where the WebUI reads them.")
    {
        AddGroup("Most used", prompt, negative, embeddings, model.Model, count, seed, steps, guidance, sampler, width, height);
        AddGroup("More ways to say what", prompts, from, initImage, strength, gridX, gridY, clipSkip, guidanceRescale, eta);
        AddGroup("Model", model.Variant, model.Config, model.Vae, model.Prediction);
        AddGroup("Machine", device, precision, batch);
        AddGroup("Output", output, format, grid, overwrite, quiet, json);
        format.AcceptOnlyFromAmong("png", "jpg", "webp");
        Validators.Add(result =>
        {
            if (new Option[] { prompt, prompts, from }.All(option => result.GetResult(option) is null)) result.AddError("Option '--prompt' is required, or --prompts or --from in its place.");
            if (result.GetResult(prompt) is not null && result.GetResult(prompts) is not null) result.AddError("Give --prompt or --prompts, not both.");
        });
        SetAction((parsed, cancellationToken) => RunAsync(parsed, models, cancellationToken));
    }

    public override IReadOnlyList<string> Examples =>
    [
        "ti generate --model demo --prompt \"a painting of <my-cat> on a beach\" --count 4 --grid",
        "ti generate --model demo --prompt \"a photo of a (red:1.3) cat\" --sampler \"dpm++ 2m karras\" --steps 20 --grid-x seed=1..3 --grid-y guidance=2,4,8",
    ];

    private async Task<int> RunAsync(ParseResult parsed, ModelLocator models, CancellationToken cancellationToken)
    {
        var messages = new Messages(parsed.InvocationConfiguration.Error, parsed.GetValue(quiet));
        foreach (var (name, number) in new[] { ("--count", parsed.GetValue(count)), ("--batch", parsed.GetValue(batch)) })
        {
            if (number is < 1 or > 100_000) throw new TextualInversionException($"{name} {number}: choose at least 1.");
        }

        var recorded = parsed.GetValue(from) is { } picture ? RecordedPicture.Read(picture) : null;
        var texts = parsed.GetValue(prompts) is { } file ? PromptFile.Read(file) : [parsed.GetValue(prompt) ?? recorded!.Prompt];
        var unwanted = parsed.GetValue(negative) ?? recorded?.Negative;
        var init = ReadInit(parsed, recorded, messages);
        var firstSeed = parsed.GetValue(seed) ?? recorded?.Seed ?? SharedOptions.DrawSeed();
        using var shelf = FindEmbeddings(parsed, recorded, [.. texts, unwanted ?? ""], messages);

        var request = recorded?.Complete(model.Read(parsed)) ?? model.Read(parsed);
        var learnedOn = shelf.Embeddings.Select(embedding => embedding.Provenance.GetValueOrDefault("base_model")).FirstOrDefault(name => name is not null);
        var (modelName, files) = await models.FindAsync(request, learnedOn, messages, cancellationToken);
        var scheduler = Machine.Scheduler(files, ModelOptions.Forced(request));
        var format = parsed.GetResult(precision) is { Implicit: false } ? parsed.GetValue(precision) : recorded?.Precision ?? parsed.GetValue(precision);
        using var network = Machine.Open(files, parsed.GetValue(device)!, format);
        using var studio = new Studio(network, scheduler, shelf);
        var options = MakeOptions(parsed, recorded, GenerationDefaults.Read(files), scheduler, network.Resolution, init?.Picture) with { Negative = unwanted };
        var plan = MakePlan(parsed, [.. texts.Select(text => options with { Prompt = text })], firstSeed);
        var hasSheet = parsed.GetValue(grid) || parsed.GetValue(gridX) is not null || parsed.GetValue(gridY) is not null;
        var paths = new PicturePaths(parsed.GetValue(output)!, hasSheet ? 1 : plan.Jobs.Count, parsed.GetValue(this.format), parsed.GetValue(overwrite));
        studio.Check(plan);
        WarnOfPrompts([.. texts, unwanted ?? ""], shelf, studio.TokenizersOf(shelf).First, messages);
        messages.Say($"model {modelName}, {Samplers.DisplayName(options.Sampler)}, {options.Width} x {options.Height}, seed {firstSeed}");

        string Describe(PictureJob job) => WebUiParameters.Format(
            job.Options, job.Seed, Path.GetFileName(modelName.TrimEnd('/')), "ti",
            RecordedPicture.Settings(request, modelName, format, job.Variation.Apply(shelf), init));
        var (clock, made, isCancelled) = (Stopwatch.StartNew(), new List<(string Path, ulong Seed)>(), false);
        var painted = new List<RgbPicture>();
        using (var display = new ProgressDisplay(messages.Error, messages.Quiet, "step"))
        {
            void Show(int done, int together, int step, int steps) =>
                display.Show((long)done * steps + together * step, (long)plan.Jobs.Count * steps, plan.Jobs.Count == 1 ? "" : $"  picture {done + 1}/{plan.Jobs.Count}");
            try
            {
                foreach (var (job, result) in studio.Paint(plan, parsed.GetValue(batch), Show, cancellationToken))
                {
                    if (hasSheet) painted.Add(result);
                    if (!paths.IsFile || !hasSheet) made.Add((paths.Write(result, Describe(job)), job.Seed));
                }
            }
            catch (OperationCanceledException)
            {
                isCancelled = true;
            }
        }

        var sheet = hasSheet && painted.Count > 0 ? WriteSheet(plan, painted, paths, Describe(plan.Jobs[0]), messages) : null;
        WriteResult(parsed, made, sheet, modelName, shelf, clock.Elapsed.TotalSeconds / Math.Max(Math.Max(made.Count, painted.Count), 1));
        return isCancelled ? throw new OperationCanceledException() : 0;
    }

    private InitPicture? ReadInit(ParseResult parsed, RecordedPicture? recorded, Messages messages)
    {
        if ((parsed.GetValue(initImage) ?? recorded?.Init) is not { } path)
        {
            if (parsed.GetValue(strength) is { } unused) throw new TextualInversionException(FormattableString.Invariant($"--strength {unused}: belongs to --init-image; name a picture or leave it out."));
            return null;
        }

        var init = InitPicture.Read(path);
        if (parsed.GetValue(initImage) is null && recorded?.InitHash is { } then && then != init.Sha256) messages.Warn($"{path}: is no longer the picture that {parsed.GetValue(from)} started from.");
        return init;
    }

    private GenerateOptions MakeOptions(ParseResult parsed, RecordedPicture? recorded, GenerationDefaults defaults, SchedulerConfig scheduler, int resolution, RgbPicture? init)
    {
        var (defaultWidth, defaultHeight) = recorded?.Size ?? (init is null ? (resolution, resolution) : ShapeOf(init, resolution));
        var options = new GenerateOptions
        {
            Prompt = "",
            Sampler = ChooseSampler(parsed.GetValue(sampler) ?? recorded?.Sampler ?? defaults.Sampler, scheduler),
            Steps = parsed.GetValue(steps) ?? recorded?.Steps ?? defaults.NumInferenceSteps ?? 30,
            Guidance = parsed.GetValue(guidance) ?? recorded?.Guidance ?? defaults.GuidanceScale ?? 7.5,
            Width = parsed.GetValue(width) ?? defaultWidth,
            Height = parsed.GetValue(height) ?? defaultHeight,
            Init = init,
        };
        return options with
        {
            Strength = parsed.GetValue(strength) ?? recorded?.Strength ?? options.Strength,
            Eta = parsed.GetValue(eta) ?? recorded?.Eta ?? options.Eta,
            ClipSkip = parsed.GetValue(clipSkip) ?? recorded?.ClipSkip ?? options.ClipSkip,
            GuidanceRescale = parsed.GetValue(guidanceRescale) ?? recorded?.GuidanceRescale ?? options.GuidanceRescale,
        };
    }

    /// <summary>A picture's shape with its shorter side at the model's resolution, in multiples of 8.</summary>
    private static (int Width, int Height) ShapeOf(RgbPicture picture, int resolution)
    {
        var scale = (double)resolution / Math.Min(picture.WidthPixels, picture.HeightPixels);
        int Side(int pixels) => (int)Math.Round(pixels * scale / 8) * 8;
        return (Side(picture.WidthPixels), Side(picture.HeightPixels));
    }

    private PicturePlan MakePlan(ParseResult parsed, IReadOnlyList<GenerateOptions> options, ulong firstSeed)
    {
        var (x, y) = (parsed.GetValue(gridX), parsed.GetValue(gridY));
        if (x is null && y is null) return PicturePlan.OfPrompts(options, firstSeed, parsed.GetValue(count));
        if (options.Count > 1 || parsed.GetValue(count) > 1) throw new TextualInversionException("--grid-x and --grid-y say which pictures there are; give one prompt and leave --count out (seed=1..4 is an axis).");
        return PicturePlan.OfAxes(new PictureJob(options[0], firstSeed, new EmbeddingVariation()), x is null ? null : GridAxis.Parse(x), y is null ? null : GridAxis.Parse(y));
    }

    private EmbeddingShelf FindEmbeddings(ParseResult parsed, RecordedPicture? recorded, string[] texts, Messages messages)
    {
        if (parsed.GetValue(embeddings) is { Length: > 0 } named) return EmbeddingShelf.Named(named.Select(EmbeddingArgument.Parse), texts, messages.Warn);
        if (recorded?.Embeddings is { } then) return EmbeddingShelf.Named(then.Select(EmbeddingArgument.Parse));
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

    private static void WarnOfPrompts(string[] texts, EmbeddingShelf shelf, PromptTokenizer tokenizer, Messages messages)
    {
        // Of the whole prompt, whose end a single chunk may not hold.
        var resolved = texts.Select(shelf.Resolve).ToList();
        foreach (var placeholder in tokenizer.Placeholders.Where(placeholder => !resolved.Exists(text => text.Contains(placeholder.Name, StringComparison.OrdinalIgnoreCase))))
            messages.Warn($"the prompt does not hold {placeholder.Name}, so that embedding has no effect.");
    }

    internal static SamplerKind ChooseSampler(string? name, SchedulerConfig scheduler) =>
        name is not null ? Samplers.Parse(name)
        : Samplers.OfFolder(scheduler) ?? throw new TextualInversionException($"The model's own sampler {scheduler.ClassName} is not supported; choose one with --sampler, such as \"dpm++ 2m\".");

    private static string WriteSheet(PicturePlan plan, List<RgbPicture> painted, PicturePaths paths, string parameters, Messages messages)
    {
        if (!PictureGrid.CanLabel && plan.ColumnLabels.Count + plan.RowLabels.Count > 0) messages.Warn("the sheet has no labels, since this system has no fonts; install some, such as DejaVu.");
        var rest = new Queue<RgbPicture>(painted); // fewer than planned after Ctrl-C
        var rows = plan.Rows.Select(row => row.Take(rest.Count).Select(_ => rest.Dequeue()).ToList()).Where(row => row.Count > 0).ToList();
        return paths.WriteGrid(PictureGrid.Compose(rows, plan.ColumnLabels, [.. plan.RowLabels.Take(rows.Count)]), parameters);
    }

    private void WriteResult(ParseResult parsed, List<(string Path, ulong Seed)> made, string? sheet, string modelName, EmbeddingShelf shelf, double secondsPerImage)
    {
        var output = parsed.InvocationConfiguration.Output;
        if (!parsed.GetValue(json))
        {
            foreach (var path in made.Select(picture => picture.Path).Concat(sheet is null ? [] : [sheet])) output.WriteLine(JsonOutput.Relative(path));
            return;
        }

        output.WriteLine(JsonOutput.Serialize(new
        {
            Images = made.Select(picture => new { Path = JsonOutput.Relative(picture.Path), picture.Seed }),
            Grid = sheet is null ? null : JsonOutput.Relative(sheet),
            Model = modelName,
            Embeddings = shelf.Embeddings.Select(embedding => embedding.Trigger),
            SecondsPerImage = secondsPerImage,
            PeakMemoryBytes = Machine.PeakMemoryBytes(),
        }));
    }

    [GeneratedRegex("<[^<>|]+>")]
    private static partial Regex AngleBrackets();
}
