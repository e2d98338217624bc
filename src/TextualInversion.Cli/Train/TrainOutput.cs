using TextualInversion.Cli.EmbeddingFiles;
using TextualInversion.Cli.Infrastructure;
using TextualInversion.Cli.Terminal;
using TextualInversion.Embeddings;
using TextualInversion.Generation;
using TextualInversion.IO;
using TextualInversion.Training;
using TextualInversion.Training.RunFiles;
using static TorchSharp.torch;

namespace TextualInversion.Cli.Train;

/// <summary>The files that <c>ti train</c> writes: the embedding, and the folder of its run.</summary>
internal sealed class TrainOutput : IDisposable
{
    /// <summary>The option that names other files.</summary>
    public const string NameOption = "--name";

    private readonly string embeddingPath, // of the only word, or of the first
        runPath;
    private readonly IReadOnlyList<string> embeddingPaths; // of each word
    private readonly bool mayReplace;
    private readonly ExtraFiles extra = new();
    private readonly TrainOutput? whole; // of a run with several seeds, if this is one of them
    private RunFolder? folder;

    /// <param name="root">The folder of <c>embeddings/</c> and <c>runs/</c>.</param>
    /// <param name="name">The name of the files, or null for the token's. Of several words it is the run's.</param>
    /// <param name="tokens">
    /// The placeholder token, such as &lt;my-cat&gt;, or those of several words, each with an embedding of its own.
    /// </param>
    /// <param name="mayReplace">Whether files may be replaced.</param>
    /// <param name="extra">What is written for other programs, or null for nothing.</param>
    /// <exception cref="TextualInversionException">
    /// Files exist that may not be replaced, or the name is not a valid file name.
    /// </exception>
    public TrainOutput(
        string root,
        string? name,
        IReadOnlyList<string> tokens,
        bool mayReplace,
        ExtraFiles? extra = null
    )
    {
        var stems = FileStems(name, tokens);
        embeddingPaths = [.. stems.Select(stem => Path.Combine(root, EmbeddingSet.Folder, stem + ".safetensors"))];
        embeddingPath = embeddingPaths[0];
        runPath = Path.Combine(
            root,
            "runs",
            tokens.Count > 1 && name is not null ? EmbeddingNames.FileStem(name) : string.Join('+', stems)
        );
        (this.mayReplace, this.extra) = (mayReplace, extra ?? this.extra);
        foreach (var path in embeddingPaths.SelectMany(path => this.extra.Of(path).Prepend(path)))
            OutputFile.RefuseToReplace(path, mayReplace, NameOption);

        RefuseToReplaceRun();
        AtomicFile.RequireWritable(runPath); // a folder that does not exist yet is created next to it
        if (Path.GetDirectoryName(embeddingPath) is { } embeddings && Directory.Exists(embeddings))
            AtomicFile.RequireWritable(embeddings);
    }

    private TrainOutput(TrainOutput whole, ulong seed)
    {
        (this.whole, mayReplace) = (whole, true);
        runPath = RunFolder.SeedIn(whole.runPath, seed);
        embeddingPath = Path.Combine(runPath, Path.GetFileName(whole.embeddingPath));
        embeddingPaths = [embeddingPath];
    }

    /// <summary>The embedding of the only word, or of the first, relative to the current folder.</summary>
    public string EmbeddingPath => JsonOutput.Relative(embeddingPath);

    /// <summary>The embedding of each word, relative to the current folder.</summary>
    public IReadOnlyList<string> EmbeddingPaths => [.. embeddingPaths.Select(JsonOutput.Relative)];

    /// <summary>Relative to the current folder.</summary>
    public string RunPath => JsonOutput.Relative(runPath);

    /// <summary>What <c>ti train --resume</c> takes: the run's folder, or that of all its seeds.</summary>
    public string ResumePath => (whole ?? this).RunPath;

    /// <summary>The command that generates an image with the embeddings, from the current folder.</summary>
    public string GenerateCommand(TrainSetup setup)
    {
        var tokens = string.Join(" and ", setup.Words.Select(word => word.Placeholder.Name));
        var prompt = $"ti generate --prompt \"a painting of {tokens}\"";
        var isFound = Path.GetDirectoryName(EmbeddingPath) == EmbeddingSet.Folder;
        return isFound ? prompt : $"{prompt} --embedding {string.Join(' ', EmbeddingPaths.Select(ShellCommand.Quote))}";
    }

    /// <summary>The files of an embedding of each word.</summary>
    /// <param name="pathOf">
    /// The path for the name of a word's files; the name is null if there is one word.
    /// </param>
    /// <param name="embeddings">The embedding of each word.</param>
    public IEnumerable<(string Path, LearnedEmbedding Embedding)> Files(
        Func<string?, string> pathOf,
        IReadOnlyList<LearnedEmbedding> embeddings
    ) =>
        embeddings.Count == 1
            ? [(pathOf(null), embeddings[0])]
            : embeddingPaths.Zip(
                embeddings,
                (path, embedding) => (pathOf(Path.GetFileNameWithoutExtension(path)), embedding)
            );

    /// <summary>The run's folder, made at the first use.</summary>
    public RunFolder Folder => folder ??= new RunFolder(runPath, mayReplace);

    /// <summary>The files of one of several seeds, in a folder within the run's, the embedding too.</summary>
    public TrainOutput OfSeed(ulong seed) => new(this, seed);

    /// <summary>Copies the embedding of one seed to the place of the run's embedding.</summary>
    /// <exception cref="TextualInversionException">It cannot be read or written.</exception>
    public void Choose(TrainOutput seed)
    {
        try
        {
            var bytes = File.ReadAllBytes(seed.embeddingPath);
            OutputFile.Write(
                embeddingPath,
                mayReplace,
                NameOption,
                () => AtomicFile.Write(embeddingPath, mayReplace, stream => stream.Write(bytes))
            );
        }
        catch (Exception error) when (IoErrors.IsFileError(error))
        {
            throw IoErrors.Unreadable(seed.embeddingPath, error);
        }
    }

    /// <summary>Whether the run's state was written.</summary>
    public bool HasState => File.Exists(RunFolder.StateIn(runPath));

    /// <summary>
    /// Whether a state was written that remains if the run fails now. That of a new run without a step does not.
    /// </summary>
    public bool KeepsState => HasState && Folder.Remains && whole?.Folder.Remains != false;

    /// <summary>The state that was saved last.</summary>
    /// <exception cref="TextualInversionException">There is no state, or it is damaged.</exception>
    public TrainState ReadState() => TrainState.Read(RunFolder.StateIn(runPath));

    /// <exception cref="TextualInversionException">The resumed run would be written elsewhere.</exception>
    public void RequireIn(string resumed)
    {
        if (RealPath.Of(resumed) != RealPath.Of(runPath))
            throw new TextualInversionException(
                $"{resumed}: its command writes to {runPath}, seen from here; resume from the folder in which the run "
                    + "was started."
            );
    }

    /// <summary>Writes the state, and the embedding if a checkpoint is due.</summary>
    /// <exception cref="TextualInversionException">It cannot be written.</exception>
    public void Save(TrainSetup setup, TrainState state, IReadOnlyList<string> command)
    {
        if (state.Step == 0)
            Folder.DeleteCheckpoints();
        else
            Keep();
        WithResumeHint(() => state.Write(Folder.StatePath, TrainIdentity.Of(setup), command));
        var interval = setup.Options.CheckpointInterval;
        if (state.Step == 0 || interval == 0 || state.Step % interval != 0)
            return;
        using var scope = NewDisposeScope();
        var embeddings = setup.Embeddings(state.Rows, state.Weights, state.Step);
        foreach (var (path, embedding) in Files(word => Folder.CheckpointPath(state.Step, word), embeddings))
            Write(path, embedding);
    }

    /// <summary>Writes the best embedding and that of the last step, of each word.</summary>
    /// <exception cref="TextualInversionException">It cannot be written.</exception>
    public void Write(TrainSetup setup, TrainerResult result)
    {
        Keep();
        var weights = result.HashesBefore;
        using var scope = NewDisposeScope();
        foreach (var (path, best) in embeddingPaths.Zip(setup.Embeddings(result.Rows, weights, result.BestStep)))
            OutputFile.Write(path, mayReplace, NameOption, () => Write(path, best, mayReplace));
        foreach (
            var (path, last) in Files(Folder.LastRowsPathOf, setup.Embeddings(result.LastRows, weights, result.Steps))
        )
            Write(path, last);
    }

    /// <summary>Writes what is for other programs.</summary>
    /// <param name="bestStep">The step whose first image is the preview.</param>
    /// <param name="messages">Receives what was written.</param>
    /// <exception cref="TextualInversionException">A file cannot be written.</exception>
    public void WriteExtraFiles(int bestStep, ConsoleLog messages)
    {
        foreach (var embedding in embeddingPaths)
            extra.WriteForProgram(embedding, mayReplace, messages);
        if (!extra.HasPreview)
            return;
        if (Folder.SamplePath(bestStep, 1) is var image && File.Exists(image))
            ExtraFiles.WritePreview(embeddingPath, image, mayReplace, messages);
        else
            messages.Warn("there is no preview, since no image of the best embedding was generated.");
    }

    public void Dispose() => folder?.Dispose();

    /// <summary>The name of the embedding of each word.</summary>
    private static List<string> FileStems(string? name, IReadOnlyList<string> tokens)
    {
        // As options; a token may be what no file can be called.
        if (name is not null)
            name = PortableFileName.Require(EmbeddingNames.FileStem(name), "Name");
        if (name is not null && tokens.Count == 1)
            return [name];
        var stems = tokens.Select(token => PortableFileName.Require(EmbeddingNames.FileStem(token), "Token")).ToList();
        return
            stems.GroupBy(stem => stem, StringComparer.OrdinalIgnoreCase).FirstOrDefault(same => same.Count() > 1)
                is { Key: var twice }
            ? throw new TextualInversionException(
                $"Two of the tokens {string.Join(", ", tokens)} would be written to {twice}.safetensors; rename one."
            )
            : stems;
    }

    /// <summary>A full disk ends a run. The last state still exists, and resuming from it loses nothing.</summary>
    private void WithResumeHint(Action write)
    {
        try
        {
            write();
        }
        catch (TextualInversionException problem) when (KeepsState)
        {
            throw new TextualInversionException(
                $"{problem.Message} What was learned is kept: resume with ti train --resume "
                    + $"{ShellCommand.Quote(ResumePath)}.",
                problem
            );
        }
    }

    private void Write(string path, LearnedEmbedding embedding, bool overwrite = true) =>
        WithResumeHint(() => EmbeddingFile.Write(path, embedding, overwrite));

    private void RefuseToReplaceRun()
    {
        if (File.Exists(runPath))
            throw new TextualInversionException(
                $"{runPath}: is a file, and the run's folder would be there; choose another --name."
            );
        if (mayReplace || !RunFolder.HasFiles(runPath))
            return;
        var isInterrupted = HasState && !File.Exists(RunFolder.RecordIn(runPath));
        throw new TextualInversionException(
            isInterrupted
                ? $"{runPath}: holds a run that was interrupted; resume it with ti train --resume "
                    + $"{ShellCommand.Quote(RunPath)}, or choose another --name, or replace it with --overwrite."
                : $"{runPath}: holds an earlier run; choose another --name, or replace it with --overwrite."
        );
    }

    private void Keep()
    {
        Folder.Keep();
        whole?.Keep();
    }
}
