using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using TextualInversion.Checkpoints;
using TextualInversion.Cli.Rendering;
using TextualInversion.Data;
using TextualInversion.Models;
using TextualInversion.Schedulers;
using TextualInversion.Training;
using static TorchSharp.torch;

namespace TextualInversion.Cli.Commands;

/// <summary><c>ti train</c>: learns an embedding from pictures.</summary>
internal sealed class TrainCommand : Documented
{
    private readonly Option<string[]> images = new("--images") { HelpName = "PATH…", Description = "Folders or files with three to five pictures.", AllowMultipleArgumentsPerToken = true };
    private readonly Option<string> token = new("--token") { HelpName = "NAME", Description = "The new word; my-cat and \"<my-cat>\" are the same." };
    private readonly Option<string?> initializer = new("--initializer") { HelpName = "TEXT|FILE", Description = "One or more words to start from, or an embedding of any layout with as many vectors. Default: the property's word." };
    private readonly LearningOptions learning = new();
    private readonly ModelOptions model = new();
    private readonly Option<string?> templates = new("--templates") { HelpName = "FILE", Description = "Own sentences, one a line, {} for the placeholder." };
    private readonly Option<string> device = SharedOptions.Device();
    private readonly Option<Precision> precision = SharedOptions.Precision();
    private readonly Option<Checkpointing> gradientCheckpointing = new("--gradient-checkpointing") { HelpName = "auto|on|off", Description = "Computes most of the U-Net twice a step rather than keep what is between: slower, in far less memory, the same result. Default: auto, where the memory would not suffice.", DefaultValueFactory = _ => Checkpointing.Auto };
    private readonly Option<ulong?> seed = SharedOptions.Seed();
    private readonly Option<string?> resume = new("--resume") { HelpName = "RUN", Description = "Goes on with a run that was stopped or killed, runs/NAME: its options are known, and the result is the same to the last bit." };
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
        Validators.Add(result =>
        {
            if (result.GetResult(resume) is { Implicit: false }) return;
            foreach (var needed in new Option[] { images, token })
            {
                if (result.GetResult(needed) is null) result.AddError($"Option '{needed.Name}' is required.");
            }
        });
        AddGroup("Most used", [images, token, initializer, learning.Property, model.Model, .. learning.MostUsed]);
        AddGroup("Knowing when to stop", [.. learning.Progress, resume]);
        AddGroup("Pictures and prompts", [.. learning.Pictures, templates]);
        AddGroup("Optimisation", learning.Optimisation);
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

    public override IReadOnlyList<string> Examples =>
    [
        "ti train --model demo --images samples/my-cat --token my-cat --initializer cat",
        "ti train --model demo --images samples/my-style --token my-style --property style --initializer painting --vectors 2",
    ];

    private async Task<int> RunAsync(ParseResult typed, ModelLocator models, CancellationToken cancellationToken)
    {
        var clock = Stopwatch.StartNew();
        var messages = new Messages(typed.InvocationConfiguration.Error, typed.GetValue(quiet));
        using var from = typed.GetValue(resume) is { } resumed ? TrainState.Read(RunFolder.StateIn(resumed)) : null;
        var parsed = from is null ? typed : ResumedCommand.Merge(from.Command, typed);
        var options = learning.Resolve(parsed, parsed.GetValue(seed) ?? SharedOptions.DrawSeed());
        options.Validate();
        var placeholder = Placeholder.Parse(parsed.GetValue(token)!, options.Vectors);
        using var output = new TrainOutput(parsed.GetValue(this.output)!, parsed.GetValue(name) ?? placeholder.Name, from is not null || parsed.GetValue(overwrite));
        if (from is not null) output.RequireIn(typed.GetValue(resume)!);
        var sentences = parsed.GetValue(templates) is { } file ? PromptTemplates.Read(file) : PromptTemplates.For(options.Property);

        var (modelName, files) = await models.FindAsync(model.Read(parsed), recorded: null, messages, cancellationToken);
        var recomputes = Recomputes(parsed, files, options);
        using var network = Machine.Open(files, parsed.GetValue(device)!, parsed.GetValue(precision), recomputes ? GradientUse.Recomputed : GradientUse.Kept);
        var noise = new NoiseSchedule(Machine.Scheduler(files, model.Forced(parsed)));
        _ = new PromptTokenizers(network.Tokenizers, [placeholder]); // refuses what the vocabulary already holds
        var given = InitializerFile.TryRead(parsed.GetValue(initializer), options.Vectors, [.. network.Vocabularies.Select(vocabulary => vocabulary.shape[1])]);
        var startFile = given is null ? null : parsed.GetValue(initializer);
        var phrase = (given is null ? parsed.GetValue(initializer) : null) ?? options.Property.ToString().ToLowerInvariant();
        var starts = network.Tokenizers.Select(tokenizer => Initializer.Parse(tokenizer, phrase)).ToList();
        options = options with { Resolution = options.Resolution ?? network.Resolution };
        var pictures = TrainingPictures.Load(parsed.GetValue(images)!, options.Resolution.Value, options.Crop, options.Mask, cancellationToken);
        foreach (var notice in pictures.Warnings) messages.Warn(notice.ToString());
        var setup = new TrainSetup
        {
            ModelName = modelName,
            Placeholder = placeholder,
            Options = options,
            Start = starts[0],
            StartFile = startFile,
            StartSha256 = startFile is null ? null : InitializerFile.Sha256(startFile),
            Pictures = pictures.Pictures,
            Sentences = sentences,
            Prompts = new PromptSource(pictures.Pictures, sentences, phrase, options),
            Precision = parsed.GetValue(precision),
        };
        from?.RequireSame(setup.Identity);
        Introduce(messages, setup, from);

        using var scope = NewDisposeScope();
        var initialRows = given?.Select(rows => rows.to(network.Device)).ToList() ?? network.Vocabularies.Zip(starts, (vocabulary, words) => InitialRows(vocabulary, words, options.Vectors)).ToList();
        var concept = new Concept(placeholder, initialRows, setup.Pictures, setup.Prompts);
        var command = from?.Command ?? [.. ResumedCommand.Arguments(typed, seed, overwrite, quiet, json), seed.Name, options.Seed.ToString(CultureInfo.InvariantCulture)];
        using var result = Train(new Trainer(network, noise, options), concept, from, state => output.Save(setup, state, command), output.Folder, messages, cancellationToken);
        if (result.Steps == 0 && result.End == TrainingEnd.Cancelled) throw new OperationCanceledException();
        if (result.End == TrainingEnd.WithoutGradient)
            throw new TextualInversionException($"The gradient of {placeholder.Name} was zero in every step so far, so nothing can be learned; see that each prompt reaches it: one that is too long is cut off before it.");
        output.Write(setup, result);
        var record = new TrainRecord(setup, result, output, clock.Elapsed);
        output.Folder.WriteRecord(record.Full(network.Device.ToString(), recomputes));
        typed.InvocationConfiguration.Output.WriteLine(typed.GetValue(json) ? record.Summary : output.EmbeddingPath);
        return Finish(messages, result, placeholder, output.RunPath);
    }

    private static void Introduce(Messages messages, TrainSetup setup, TrainState? from)
    {
        var (placeholder, options) = (setup.Placeholder, setup.Options);
        messages.Say($"model {setup.ModelName}, {setup.Pictures.Count} pictures at {options.Resolution} x {options.Resolution}, seed {options.Seed}");
        var start = setup.StartFile ?? $"\"{setup.Start.Phrase}\" ({string.Join(" ", setup.Start.Pieces)})";
        messages.Say($"{placeholder.Name} starts from {start}, {options.Vectors} {(options.Vectors == 1 ? "vector" : "vectors")}");
        foreach (var (picture, prompt) in setup.Pictures.Zip(setup.Prompts.Descriptions(placeholder)))
        {
            if (prompt is not null) messages.Say($"{picture.Path}: \"{prompt}\"");
        }

        if (from is not null) messages.Say($"going on after step {from.Step}");
    }

    private string Nearest(string typed) => Options.Select(option => option.Name).MinBy(known => EditDistance.Between(known, typed)) is { } nearest ? $"; did you mean {nearest}?" : "";

    private static TrainResult Train(Trainer trainer, Concept concept, TrainState? from, Action<TrainState> save, RunFolder run, Messages messages, CancellationToken cancellationToken)
    {
        using var metrics = new MetricsFile(run.MetricsPath, from?.Step ?? 0);
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
        return trainer.Run(concept, from, SaveAfterMetrics, progress, cancellationToken);

        void SaveAfterMetrics(TrainState state)
        {
            metrics.Flush(); // a run that goes on finds the lines of all its steps
            save(state);
        }
    }

    private static int Finish(Messages messages, TrainResult result, Placeholder placeholder, string runPath)
    {
        if (result.End == TrainingEnd.Diverged)
            throw new TextualInversionException($"The loss, the gradient or a row is no finite number after step {result.Steps}; the best rows before it were kept. Try a smaller --learning-rate or --precision fp32.");
        if (result.Validation is { } loss)
            messages.Say(string.Create(CultureInfo.InvariantCulture, $"validation loss {loss.WithoutPrompts:F4} without a prompt, {loss.Initial:F4} with the initializer, {loss.Best:F4} with the rows of step {result.BestStep}, which are kept"));
        var end = result.End switch
        {
            TrainingEnd.Cancelled => $"cancelled after {result.Steps} steps (go on with ti train --resume {runPath})",
            TrainingEnd.StoppedEarly => $"no longer improving after {result.Steps} steps",
            _ => "done",
        };
        messages.Say($"{end}; the run's record is in {runPath}. Paint with it: ti generate --prompt \"a painting of {placeholder.Name}\"");
        return result.End == TrainingEnd.Cancelled ? 130 : 0;
    }

    /// <summary>(n, d): each row the mean of its tokens' rows.</summary>
    private static Tensor InitialRows(Tensor vocabulary, Initializer start, int vectors)
    {
        using var scope = NewDisposeScope();
        var rows = start.SpreadOver(vectors).Select(ids => vocabulary.index_select(0, tensor(ids.Select(id => (long)id).ToArray(), device: vocabulary.device)).mean([0]));
        return stack(rows).MoveToOuterDisposeScope();
    }

    private bool Recomputes(ParseResult parsed, IModelFiles files, TrainOptions options) => parsed.GetValue(gradientCheckpointing) switch
    {
        Checkpointing.On => true,
        Checkpointing.Off => false,
        Checkpointing.Auto => Machine.NeedsGradientCheckpointing(files, parsed.GetValue(device)!, parsed.GetValue(precision), options),
        _ => throw new ArgumentOutOfRangeException(nameof(parsed)),
    };
}
