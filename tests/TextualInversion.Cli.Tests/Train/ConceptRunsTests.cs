using System.CommandLine;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using TextualInversion.Cli.Infrastructure;
using TextualInversion.Cli.ModelAccess;
using TextualInversion.Cli.Terminal;
using TextualInversion.Cli.Train;

namespace TextualInversion.Cli.Tests.Train;

/// <summary>What becomes of the other concepts of <c>train --concept</c>, with trainings that a test plays.</summary>
[SuppressMessage("Usage", "CA2201", Justification = "This is what TorchSharp throws.")]
public sealed class ConceptRunsTests : IDisposable
{
    private readonly StringWriter error = new();
    private readonly CancellationTokenSource cancellation = new();

    public void Dispose()
    {
        error.Dispose();
        cancellation.Dispose();
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Run_MemoryRunsOutForOne_NamesItAndTrainsTheOthers(int atOnce)
    {
        var (exitCode, results) = await RunAsync(
            atOnce,
            name =>
                name == "b"
                    ? throw new ExternalException(
                        "DefaultCPUAllocator: not enough memory: you tried to allocate 9 bytes"
                    )
                    : ExitCode.Done
        );

        Assert.Equal(ExitCode.Problem, exitCode);
        Assert.Equal(["a.safetensors", "c.safetensors"], results);
        Assert.Contains("error: b: memory ran out", error.ToString(), StringComparison.Ordinal);
        Assert.Equal(atOnce > 1, error.ToString().Contains("--concepts-at-once", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Run_OneDiverges_PrintsItsBestEmbeddingToo()
    {
        var (exitCode, results) = await RunAsync(
            atOnce: 1,
            _ => ExitCode.Done,
            after: name =>
            {
                if (name == "b")
                    throw new TextualInversionException("Training diverged; the best embedding so far was saved.");
            }
        );

        Assert.Equal(ExitCode.Problem, exitCode);
        Assert.Equal(["a.safetensors", "b.safetensors", "c.safetensors"], results);
    }

    [Fact]
    public async Task Run_CanceledBeforeTheFirstStepOfALaterConcept_KeepsTheResultsAndSaysWhatIsMissing()
    {
        var (exitCode, results) = await RunAsync(
            atOnce: 1,
            name =>
            {
                if (name == "a")
                    return ExitCode.Done;
                cancellation.Cancel();
                throw new OperationCanceledException();
            }
        );

        Assert.Equal(ExitCode.Cancelled, exitCode);
        Assert.Equal(["a.safetensors"], results);
        Assert.Contains("canceled; not trained: b, c; run the command", error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_CanceledAfterAConceptWasDone_BeginsNoOther()
    {
        var begun = new List<string>();
        var (exitCode, results) = await RunAsync(
            atOnce: 1,
            name =>
            {
                begun.Add(name);
                cancellation.Cancel();
                return ExitCode.Done;
            }
        );

        Assert.Equal((ExitCode.Cancelled, 1), (exitCode, begun.Count));
        Assert.Equal(["a.safetensors"], results);
        Assert.Contains("not trained: b, c;", error.ToString(), StringComparison.Ordinal);
    }

    /// <param name="atOnce">How many are trained at once.</param>
    /// <param name="train">Plays the training of a concept, which has a result if it does not throw.</param>
    /// <param name="after">Runs after the result was printed.</param>
    private async Task<(int ExitCode, IReadOnlyCollection<string> Results)> RunAsync(
        int atOnce,
        Func<string, int> train,
        Action<string>? after = null
    )
    {
        var root = CommandLine.CreateRoot(_ => null);
        var command = root.Subcommands.OfType<TrainCommand>().Single();
        using var models = new TrainModels(new ModelLocator(_ => null));
        var runs = new ConceptRuns(command, models, PlayAsync, new ConsoleLog(error, quiet: false)) { AtOnce = atOnce };
        var concepts = new[] { "a", "b", "c" }
            .Select(token => root.Parse(["train", "--token", token, "--images", "x", "--initializer", "cat"]))
            .ToList();
        return (await runs.RunAsync(concepts, cancellation.Token), runs.Results);

        async Task<int> PlayAsync(
            ParseResult concept,
            ConsoleLog messages,
            TextWriter result,
            TextualInversion.Training.ConceptsAtOnce.Member? member,
            CancellationToken token
        )
        {
            var name = command.Read(concept).Placeholder.Name;
            var exitCode = train(name);
            await result.WriteLineAsync($"{name}.safetensors");
            after?.Invoke(name);
            return exitCode;
        }
    }
}
