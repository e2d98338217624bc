using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using TextualInversion.Checkpoints;
using TextualInversion.Cli.Rendering;
using TextualInversion.Data;
using TextualInversion.Embeddings;
using TextualInversion.Models;
using TextualInversion.Schedulers;
using TextualInversion.Training;
using static TorchSharp.torch;

namespace TextualInversion.Cli.Commands;

/// <summary><c>ti train</c>: learns an embedding from pictures.</summary>
internal sealed class TrainCommand : Documented
{
    private readonly Option<string[]> images = new("--images") { HelpName = "PATH…", Description = "Folders or files with three to five pictures.", Required = true, AllowMultipleArgumentsPerToken = true };
    private readonly Option<string> token = new("--token") { HelpName = "NAME", Description = "The new word; my-cat and \"<my-cat>\" are the same.", Required = true };
    private readonly Option<string?> initializer = new("--initializer") { HelpName = "TEXT", Description = "One or more words to start from. Default: the property's word." };
    private readonly Option<LearnedProperty> property = new("--property") { HelpName = "object|style", Description = "What the pictures share, for the choice of templates. Default: object." };
    private readonly ModelOptions model = new();
    private readonly Option<int> vectors = Number("--vectors", "N", "Rows to learn.", options => options.Vectors);
    private readonly Option<int> steps = Number("--steps", "N", "Optimiser steps.", options => options.Steps);
    private readonly Option<double> learningRate = Number("--learning-rate", "X", "The largest of the run.", options => options.LearningRate);
    private readonly Option<int> batch = Number("--batch", "N", "Pictures in a forward pass.", options => options.Batch);
    private readonly Option<int> accumulate = Number("--accumulate", "N", "Forward passes averaged into a step.", options => options.Accumulate);
    private readonly Option<int?> resolution = new("--resolution") { HelpName = "N", Description = "Side of the pictures in pixels, a multiple of 8. Default: the model's." };
    private readonly Option<CropMode> crop = Choice("--crop", "center|squash", "What is done with pictures that are not square.", options => options.Crop);
    private readonly Option<bool> flip = new("--flip") { Description = "Mirrors pictures half of the times. The default." };
    private readonly Option<bool> noFlip = new("--no-flip") { Description = "Never mirrors: for text and other things that have a left and a right." };
    private readonly Option<bool> captions = new("--captions") { HelpName = "true|false", Description = "Uses the description beside a picture (1.txt beside 1.png) instead of the templates. Default: true." };
    private readonly Option<string?> templates = new("--templates") { HelpName = "FILE", Description = "Own sentences, one a line, {} for the placeholder." };
    private readonly Option<LearningRateSchedule> schedule = Choice("--lr-schedule", "constant|linear|cosine", "How the learning rate falls.", options => options.Schedule);
    private readonly Option<int> warmup = Number("--warmup", "N", "Steps over which the learning rate rises.", options => options.WarmupSteps);
    private readonly Option<TimestepSampling> timesteps = Choice("--timesteps", "stratified|uniform", "Timesteps spread evenly over the run, or drawn one by one.", options => options.Timesteps);
    private readonly Option<int> validateEvery = Number("--validate-every", "N", "Steps between losses on fixed pictures, noise and timesteps, by which the best rows are kept; 0 for none.", options => options.ValidateEvery);
    private readonly Option<int> patience = Number("--patience", "N", "Validations in a row that may fail to improve before the run is over; 0 to take all steps.", options => options.Patience);
    private readonly Option<double> weightDecay = Number("--weight-decay", "X", "AdamW's.", options => options.WeightDecay);
    private readonly Option<double[]> betas = Betas();
    private readonly Option<double> epsilon = Number("--epsilon", "X", "AdamW's.", options => options.Epsilon);
    private readonly Option<Compatibility?> compatible = new("--compatible") { HelpName = "diffusers", Description = "Every choice as diffusers' example and its README make it, for comparison; other options still hold." };
    private readonly Option<string> device = SharedOptions.Device();
    private readonly Option<Precision> precision = SharedOptions.Precision();
    private readonly Option<Checkpointing> gradientCheckpointing = new("--gradient-checkpointing") { HelpName = "auto|on|off", Description = "Computes most of the U-Net twice a step rather than keep what is between: slower, in far less memory, the same result. Default: auto, where the memory would not suffice.", DefaultValueFactory = _ => Checkpointing.Auto };
    private readonly Option<ulong?> seed = SharedOptions.Seed();
    private readonly Option<string> output = new("--output") { HelpName = "DIR", Description = "Where embeddings/ and runs/ are made. Default: the current folder.", DefaultValueFactory = _ => "." };
    private readonly Option<string?> name = new("--name") { HelpName = "NAME", Description = "Of the file and of the run's folder. Default: the token's." };
    private readonly Option<bool> overwrite = SharedOptions.Overwrite();
    private readonly Option<bool> quiet = SharedOptions.Quiet();
    private readonly Option<bool> json = SharedOptions.Json();

    public TrainCommand(ModelLocator models)
        : base("train", "Learns a new word from a few pictures: writes embeddings/NAME.safetensors, and everything about the run to runs/NAME/.")
    {
        images.Validators.Add(result =>
        {
            if (result.Tokens.FirstOrDefault(given => given.Value.StartsWith('-')) is { } option) result.AddError($"Unrecognized option '{option.Value}'{Nearest(option.Value)}.");
        });
        AddGroup("Most used", images, token, initializer, property, model.Model, vectors, steps, learningRate, batch, accumulate, resolution);
        AddGroup("When to stop", validateEvery, patience);
        AddGroup("Pictures and prompts", crop, flip, noFlip, captions, templates);
        AddGroup("Optimisation", schedule, warmup, timesteps, weightDecay, betas, epsilon, compatible);
        AddGroup("Model", model.Variant, model.Config, model.Vae, model.Prediction);
        AddGroup("Machine", device, precision, gradientCheckpointing, seed);
        AddGroup("Output", output, name, overwrite, quiet, json);
        SetAction((parsed, cancellationToken) => RunAsync(parsed, models, cancellationToken));
    }

    private enum Checkpointing
    {
        Auto,
        On,
        Off,
    }

    private enum Compatibility
    {
        Diffusers,
    }

    public override IReadOnlyList<string> Examples =>
    [
        "ti train --model demo --images samples/my-cat --token my-cat --initializer cat",
        "ti train --model demo --images samples/my-style --token my-style --property style --initializer painting --vectors 2",
    ];

    private async Task<int> RunAsync(ParseResult parsed, ModelLocator models, CancellationToken cancellationToken)
    {
        var clock = Stopwatch.StartNew();
        var output = parsed.InvocationConfiguration.Output;
        var messages = new Messages(parsed.InvocationConfiguration.Error, parsed.GetValue(quiet));
        var options = Resolve(parsed);
        options.Validate();
        var placeholder = Placeholder.Parse(parsed.GetValue(token)!, options.Vectors);
        var stem = FileStem(parsed.GetValue(name) ?? placeholder.Name);
        var embeddingPath = Path.Combine(parsed.GetValue(this.output)!, "embeddings", stem + ".safetensors");
        var runPath = Path.Combine(parsed.GetValue(this.output)!, "runs", stem);
        var mayReplace = parsed.GetValue(overwrite);
        AtomicFile.RefuseToReplace(embeddingPath, mayReplace);
        RunFolder.RefuseToReplace(runPath, mayReplace);
        var sentences = parsed.GetValue(templates) is { } file ? PromptTemplates.Read(file) : PromptTemplates.For(options.Property);

        var (modelName, files) = await models.FindAsync(model.Read(parsed), recorded: null, messages, cancellationToken);
        var recomputes = Recomputes(parsed, files, options);
        using var network = Machine.Open(files, parsed.GetValue(device)!, parsed.GetValue(precision), recomputes ? GradientUse.Recomputed : GradientUse.Kept);
        var noise = new NoiseSchedule(Machine.Scheduler(files, model.Forced(parsed)));
        _ = new PromptTokenizers(network.Tokenizers, [placeholder]); // refuses what the vocabulary already holds
        var phrase = parsed.GetValue(initializer) ?? options.Property.ToString().ToLowerInvariant();
        var starts = network.Tokenizers.Select(tokenizer => Initializer.Parse(tokenizer, phrase)).ToList();
        var start = starts[0]; // what is shown: the encoders' vocabularies are alike
        var side = options.Resolution ?? network.Resolution;
        var pictures = TrainingPictures.Load(parsed.GetValue(images)!, side, options.Crop, cancellationToken);
        foreach (var notice in pictures.Warnings) messages.Warn(notice.ToString());
        var prompts = new PromptSource(pictures.Pictures, sentences, start.Phrase, options.Captions);
        Introduce(messages, placeholder, start, pictures, prompts, options, side, modelName);

        using var run = new RunFolder(runPath, mayReplace);
        using var scope = NewDisposeScope();
        var initialRows = network.Vocabularies.Zip(starts, (vocabulary, words) => InitialRows(vocabulary, words, options.Vectors)).ToList();
        using var result = Train(new Trainer(network, noise, options), new Concept(placeholder, initialRows, pictures.Pictures, prompts), run, messages, cancellationToken);
        if (result.Steps == 0 && result.End == TrainingEnd.Cancelled) throw new OperationCanceledException();
        run.Keep();
        Write(embeddingPath, new LearnedEmbedding(placeholder.Name, result.Rows, Provenance(modelName, result, result.BestStep, options, start)), mayReplace);
        Write(run.LastRowsPath, new LearnedEmbedding(placeholder.Name, result.LastRows, Provenance(modelName, result, result.Steps, options, start)), overwrite: true);

        var summary = new
        {
            Embedding = JsonOutput.Relative(embeddingPath),
            Run = JsonOutput.Relative(runPath),
            Placeholder = placeholder.Name,
            options.Vectors,
            Model = modelName,
            options.Seed,
            result.Steps,
            StoppedEarly = result.End != TrainingEnd.Completed,
            result.BestStep,
            result.Loss,
            result.Validation,
            result.StepMedianSeconds,
            Seconds = clock.Elapsed.TotalSeconds,
            PeakMemoryBytes = Machine.PeakMemoryBytes(),
        };
        run.WriteRecord(JsonOutput.Serialize(new
        {
            Result = summary,
            result.End,
            Command = Environment.GetCommandLineArgs()[1..],
            Options = options with { Resolution = side },
            Initializer = new { start.Phrase, Tokens = start.Pieces },
            Pictures = pictures.Pictures.Select((picture, index) => new
            {
                picture.Path,
                picture.Sha256,
                Width = picture.OriginalWidthPixels,
                Height = picture.OriginalHeightPixels,
                Prompt = prompts.Descriptions(placeholder)[index],
            }),
            result.BaseWeights,
            Device = network.Device.ToString(),
            Precision = parsed.GetValue(precision),
            GradientCheckpointing = recomputes,
            Threads = get_num_threads(),
            Versions = new { Ti = Version(typeof(TrainCommand)), TorchSharp = Version(typeof(TorchSharp.torch)), DotNet = Environment.Version.ToString() },
        }));
        if (parsed.GetValue(json)) output.WriteLine(JsonOutput.Serialize(summary));
        else output.WriteLine(summary.Embedding);
        return Finish(messages, result, placeholder, summary.Run);
    }

    private static void Introduce(
        Messages messages, Placeholder placeholder, Initializer start, TrainingPictures pictures, PromptSource prompts, TrainOptions options, int side, string modelName)
    {
        messages.Say($"model {modelName}, {pictures.Pictures.Count} pictures at {side} x {side}, seed {options.Seed}");
        messages.Say($"{placeholder.Name} starts from \"{start.Phrase}\" ({string.Join(" ", start.Pieces)}), {options.Vectors} {(options.Vectors == 1 ? "vector" : "vectors")}");
        foreach (var (picture, prompt) in pictures.Pictures.Zip(prompts.Descriptions(placeholder)))
        {
            if (prompt is not null) messages.Say($"{picture.Path}: \"{prompt}\"");
        }
    }

    private string Nearest(string typed) => Options.Select(option => option.Name).MinBy(known => EditDistance.Between(known, typed)) is { } nearest ? $"; did you mean {nearest}?" : "";

    private static TrainResult Train(Trainer trainer, Concept concept, RunFolder run, Messages messages, CancellationToken cancellationToken)
    {
        using var metrics = new MetricsFile(run.MetricsPath);
        using var display = new ProgressDisplay(messages.Error, messages.Quiet, "step");
        var recent = new Queue<double>();
        double? validated = null;
        var progress = new Report<TrainProgress>(step =>
        {
            metrics.Add(step);
            recent.Enqueue(step.Loss);
            if (recent.Count > 50) recent.Dequeue(); // one step's loss says next to nothing
            validated = step.ValidationLoss ?? validated;
            var validation = validated is { } known ? string.Create(CultureInfo.InvariantCulture, $"  validation {known:F4}") : "";
            display.Show(step.Step, step.Steps, string.Create(CultureInfo.InvariantCulture, $"  loss {recent.Average():F4}{validation}"));
        });
        return trainer.Run(concept, progress, cancellationToken);
    }

    private static int Finish(Messages messages, TrainResult result, Placeholder placeholder, string runPath)
    {
        if (result.End == TrainingEnd.Diverged)
            throw new TextualInversionException($"The loss is not a number after step {result.Steps}; the rows before it were kept. Try a smaller --learning-rate or --precision fp32.");
        if (result.Validation is { } loss)
            messages.Say(string.Create(CultureInfo.InvariantCulture, $"validation loss {loss.WithoutPrompts:F4} without a prompt, {loss.Initial:F4} with the initializer, {loss.Best:F4} with the rows of step {result.BestStep}, which are kept"));
        messages.Say($"{(result.End == TrainingEnd.Cancelled ? "cancelled" : result.End == TrainingEnd.StoppedEarly ? "stopped early" : "done")} after {result.Steps} steps; the run's record is in {runPath}. Paint with it: ti generate --prompt \"a painting of {placeholder.Name}\"");
        return result.End == TrainingEnd.Cancelled ? 130 : 0;
    }

    /// <summary>(n, d): each row the mean of its tokens' rows.</summary>
    private static Tensor InitialRows(Tensor vocabulary, Initializer start, int vectors)
    {
        using var scope = NewDisposeScope();
        var rows = start.SpreadOver(vectors).Select(ids => vocabulary.index_select(0, tensor(ids.Select(id => (long)id).ToArray(), device: vocabulary.device)).mean([0]));
        return stack(rows).MoveToOuterDisposeScope();
    }

    /// <summary>In the layout of the model's family.</summary>
    private static void Write(string path, LearnedEmbedding embedding, bool overwrite)
    {
        if (embedding.Rows.Count == 1) DiffusersFormat.Write(path, embedding, overwrite);
        else SdxlFormat.Write(path, embedding, overwrite);
    }

    private static Dictionary<string, string> Provenance(string modelName, TrainResult result, int step, TrainOptions options, Initializer start) => new()
    {
        ["base_model"] = modelName,
        ["base_model_sha256"] = Convert.ToHexStringLower(SHA256.HashData(Encoding.ASCII.GetBytes(string.Concat(result.BaseWeights.OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => pair.Value.After))))),
        ["initializer"] = start.Phrase,
        ["steps"] = step.ToString(CultureInfo.InvariantCulture),
        ["seed"] = options.Seed.ToString(CultureInfo.InvariantCulture),
        ["software"] = $"ti {Version(typeof(TrainCommand))}",
    };

    /// <summary>A name that is a file name on every system.</summary>
    private static string FileStem(string name)
    {
        var stem = string.Concat(name.Where(character => char.IsLetterOrDigit(character) || character is '-' or '_' or '.')).Trim('.');
        return stem.Length > 0 ? stem : throw new TextualInversionException($"The token {name} makes no file name; give one with --name.");
    }

    private static string Version(Type type) => type.Assembly.GetName().Version!.ToString(3);

    private bool Recomputes(ParseResult parsed, IModelFiles files, TrainOptions options) => parsed.GetValue(gradientCheckpointing) switch
    {
        Checkpointing.On => true,
        Checkpointing.Off => false,
        Checkpointing.Auto => Machine.NeedsGradientCheckpointing(files, parsed.GetValue(device)!, parsed.GetValue(precision), options),
        _ => throw new ArgumentOutOfRangeException(nameof(parsed)),
    };

    private TrainOptions Resolve(ParseResult parsed)
    {
        var preset = parsed.GetValue(compatible) is Compatibility.Diffusers ? TrainOptions.Diffusers : new TrainOptions();
        T Or<T>(Option<T> option, T otherwise) => parsed.GetResult(option) is { Implicit: false } ? parsed.GetValue(option)! : otherwise;
        var moments = Or(betas, [preset.Beta1, preset.Beta2]);
        return preset with
        {
            Vectors = Or(vectors, preset.Vectors),
            Steps = Or(steps, preset.Steps),
            LearningRate = Or(learningRate, preset.LearningRate),
            Batch = Or(batch, preset.Batch),
            Accumulate = Or(accumulate, preset.Accumulate),
            Resolution = parsed.GetValue(resolution),
            Crop = Or(crop, preset.Crop),
            Flip = !parsed.GetValue(noFlip) && Or(flip, preset.Flip),
            Captions = Or(captions, preset.Captions),
            Property = parsed.GetValue(property),
            Schedule = Or(schedule, preset.Schedule),
            WarmupSteps = Or(warmup, preset.WarmupSteps),
            Timesteps = Or(timesteps, preset.Timesteps),
            ValidateEvery = Or(validateEvery, preset.ValidateEvery),
            Patience = Or(patience, preset.Patience),
            WeightDecay = Or(weightDecay, preset.WeightDecay),
            Beta1 = moments[0],
            Beta2 = moments[1],
            Epsilon = Or(epsilon, preset.Epsilon),
            Seed = parsed.GetValue(seed) ?? SharedOptions.DrawSeed(),
        };
    }

    private static Option<T> Number<T>(string name, string value, string description, Func<TrainOptions, T> standard)
        where T : IFormattable => new(name)
    {
        HelpName = value,
        Description = $"{description} Default: {standard(new TrainOptions()).ToString(null, CultureInfo.InvariantCulture)}.",
    };

    private static Option<T> Choice<T>(string name, string values, string description, Func<TrainOptions, T> standard)
        where T : Enum => new(name)
    {
        HelpName = values,
        Description = $"{description} Default: {standard(new TrainOptions()).ToString().ToLowerInvariant()}.",
    };

    private static Option<double[]> Betas()
    {
        var standard = new TrainOptions();
        return new Option<double[]>("--betas")
        {
            HelpName = "A,B",
            Description = string.Create(CultureInfo.InvariantCulture, $"AdamW's. Default: {standard.Beta1},{standard.Beta2}."),
            CustomParser = result =>
            {
                var numbers = result.Tokens[0].Value.Split(',').Select(text => double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) ? number : double.NaN).ToArray();
                if (numbers.Length != 2 || numbers.Any(double.IsNaN)) result.AddError("--betas takes two numbers, such as 0.9,0.999.");
                return numbers;
            },
        };
    }
}
