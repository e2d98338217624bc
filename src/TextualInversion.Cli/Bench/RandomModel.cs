using TextualInversion.Checkpoints;
using TextualInversion.Checkpoints.SingleFile;
using TextualInversion.Cli.Infrastructure;
using TextualInversion.Cli.ModelAccess;
using TextualInversion.Cli.Terminal;
using TextualInversion.IO;
using TextualInversion.Native;
using TextualInversion.Tensors;
using TextualInversion.Training.Estimates;

namespace TextualInversion.Cli.Bench;

/// <summary>A model with random weights, in a folder of its own that is deleted with it.</summary>
internal sealed class RandomModel : IDisposable
{
    private const string Prefix = "ti-bench-";

    private readonly string folder;

    private RandomModel(string folder, string name, IModelFiles files) =>
        (this.folder, Name, Files) = (folder, name, files);

    public string Name { get; }

    public IModelFiles Files { get; }

    /// <summary>Writes a model.</summary>
    /// <param name="size">Its size.</param>
    /// <param name="plan">What will be measured, to refuse a model that does not fit into the memory.</param>
    /// <param name="messages">Says what is written.</param>
    /// <param name="cancellationToken">Checked before and after the file is written.</param>
    /// <exception cref="TextualInversionException">The memory or the disk is too small, or the folder cannot be written
    /// to.</exception>
    public static RandomModel Write(
        ModelSize size,
        BenchPlan plan,
        ConsoleLog messages,
        CancellationToken cancellationToken
    )
    {
        var (version, name, prediction) = ModelSizes.Describe(size);
        using var checkpoint = new RandomCheckpoint(version);
        RequireMemory(Open(checkpoint, prediction), name, plan);
        RequireSpace(checkpoint.Bytes);
        cancellationToken.ThrowIfCancellationRequested();
        var folder = Directory.CreateTempSubdirectory(Prefix).FullName;
        try
        {
            var path = Path.Combine(folder, "random.safetensors");
            messages.Info($"writing {ByteSize.Format(checkpoint.Bytes)} of random weights to {path}");
            checkpoint.Write(path);
            cancellationToken.ThrowIfCancellationRequested();
            var files = Open(SafetensorsFile.Open(path), prediction);
            return new RandomModel(folder, $"random weights of the size of {name}", files);
        }
        catch
        {
            Directory.Delete(folder, recursive: true);
            throw;
        }
    }

    public void Dispose() => Directory.Delete(folder, recursive: true);

    private static SingleFileModel Open(ITensorFile file, string prediction)
    {
        var tokenizer = Path.Combine(ModelLocator.DemoFolder, "tokenizer");
        var tokenizers = new Dictionary<string, string> { ["tokenizer"] = tokenizer, ["tokenizer_2"] = tokenizer };
        return new SingleFileModel(new LdmCheckpoint(file), tokenizers, prediction);
    }

    private static void RequireMemory(SingleFileModel files, string name, BenchPlan plan)
    {
        var (options, budget) = (plan.Options, MemoryBudget.Of(plan.Device));
        var choice = MemoryChoice.Of(options, files, plan.Device, plan.Type);
        var needed = TrainingMemory.Estimate(files, options.Resolution, options.BatchSize, plan.Type, choice);
        if (needed > budget.AvailableBytes)
            throw new TextualInversionException(
                $"A training of the size of {name} needs about {ByteSize.Format(needed)} of memory, and {plan.Device} "
                    + $"has {ByteSize.Format(budget.AvailableBytes)}; choose --precision bf16, a smaller --size, "
                    + "--resolution or --batch, or another --device."
            );
    }

    private static void RequireSpace(long bytes)
    {
        var root = Path.GetTempPath();
        if (FreeBytes(root) is { } free && free < bytes)
            throw new TextualInversionException(
                $"{root}: {ByteSize.Format(free)} free, and the random weights take {ByteSize.Format(bytes)}; free "
                    + $"some space, or name another folder in {(OperatingSystem.IsWindows() ? "TMP" : "TMPDIR")}."
            );
    }

    /// <summary>The free space of a folder; null if the system does not say.</summary>
    private static long? FreeBytes(string root)
    {
        try
        {
            return new DriveInfo(root).AvailableFreeSpace;
        }
        catch (Exception error) when (IoErrors.IsFileError(error) || error is ArgumentException)
        {
            return null;
        }
    }
}
