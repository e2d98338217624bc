using TextualInversion.Cli.Infrastructure;
using TextualInversion.Cli.Sweep.Plan;
using TextualInversion.Cli.Terminal;
using TextualInversion.Cli.Train;
using TextualInversion.IO;
using TextualInversion.Native;
using TextualInversion.Training;

namespace TextualInversion.Cli.Sweep.Work;

/// <summary>Trains a cell.</summary>
internal interface ICellRunner
{
    /// <summary>What decides the cell's model, see <see cref="TrainModels.KindOf"/>.</summary>
    object KindOf(SweepCell cell);

    /// <summary>How many cells like this one share a U-Net batch.</summary>
    Task<int> CountAtOnceAsync(SweepCell cell, CancellationToken cancellationToken);

    /// <summary>Trains a cell, or resumes its training.</summary>
    /// <param name="cell">The cell.</param>
    /// <param name="member">Shares U-Net batches with other cells; null if one is trained at a time.</param>
    /// <param name="cancellationToken">Cancels it.</param>
    /// <returns>Why it failed, or null.</returns>
    /// <exception cref="OperationCanceledException">It was canceled. What was learned is kept.</exception>
    Task<string?> RunAsync(SweepCell cell, ConceptsAtOnce.Member? member, CancellationToken cancellationToken);
}

/// <summary>Trains cells as <c>ti train</c> would, with one loaded model.</summary>
/// <param name="commands">The command of each cell.</param>
/// <param name="models">Has the model open.</param>
/// <param name="folder">The sweep's folder.</param>
/// <param name="messages">Receives the progress.</param>
internal sealed class CellRunner(CellCommands commands, TrainModels models, SweepFolder folder, ConsoleLog messages)
    : ICellRunner
{
    /// <summary>How many cells share a U-Net batch; null to decide by the device and its memory.</summary>
    public int? AtOnce { get; init; }

    public object KindOf(SweepCell cell) => TrainModels.KindOf(Request(cell));

    public Task<int> CountAtOnceAsync(SweepCell cell, CancellationToken cancellationToken) =>
        models.ChooseConceptsAsync(AtOnce, Request(cell), messages, cancellationToken);

    public async Task<string?> RunAsync(
        SweepCell cell,
        ConceptsAtOnce.Member? member,
        CancellationToken cancellationToken
    )
    {
        var problem = await TrainAsync(
            cell,
            member,
            member is null ? messages : messages.Of(cell.Name),
            cancellationToken
        );
        if (problem is null)
            folder.ClearError(cell.Name);
        else
            folder.SetError(cell.Name, problem);
        return problem;
    }

    /// <summary>Scores the cell's embedding, on the model that it was trained on.</summary>
    private async Task EvaluateAsync(SweepCell cell, ConsoleLog log, CancellationToken cancellationToken)
    {
        log.Info($"evaluating {cell.Name}");
        var model = await models.OpenAsync(Request(cell), log, cancellationToken);
        await using var json = new StringWriter();
        try
        {
            await commands.Eval.RunAsync(commands.Evaluate(cell), log, json, model.Network, cancellationToken);
        }
        finally
        {
            model.Network.ReleaseVae(); // the next training needs its memory
        }

        CellEvaluation.Of(cell, json.ToString()).Write(folder, cell);
    }

    private TrainRequest Request(SweepCell cell) => commands.Train.Read(commands.Begin(cell));

    private async Task<string?> TrainAsync(
        SweepCell cell,
        ConceptsAtOnce.Member? member,
        ConsoleLog log,
        CancellationToken cancellationToken
    )
    {
        try
        {
            if (folder.StateOf(cell.Name) != CellState.Done)
            {
                var command = commands.BeginOrResume(cell);
                var code = await commands.Train.RunAsync(
                    command,
                    models,
                    log,
                    TextWriter.Null,
                    member,
                    cancellationToken
                );
                if (code == ExitCode.Cancelled)
                    throw new OperationCanceledException(cancellationToken);
            }

            if (cell.Evaluation is not null)
                await EvaluateAsync(cell, log, cancellationToken);
            return null;
        }
        catch (TextualInversionException problem)
        {
            return commands.Train.MessageOf(problem);
        }
        catch (UsageException problem)
        {
            return problem.Message;
        }
        catch (Exception problem) when (IoErrors.IsFileError(problem))
        {
            return problem.Message;
        }
        catch (Exception problem) when (OutOfMemory.Is(problem))
        {
            return "memory ran out; choose precision: bf16, a smaller batch, or smaller images.";
        }
    }
}
