using System.CommandLine;
using TextualInversion.Cli.Sweep.Plan;
using TextualInversion.Cli.Sweep.Work;
using TextualInversion.Cli.Train;

namespace TextualInversion.Cli.Sweep;

/// <summary>A sweep that was read and checked as far as that is possible without the model.</summary>
/// <param name="Source">The absolute path of its file or folder.</param>
/// <param name="Folder">The folder of the results.</param>
/// <param name="Cells">Its cells.</param>
/// <param name="Commands">The command line of each cell.</param>
/// <param name="Requests">The arguments of each cell.</param>
internal sealed record CheckedSweep(
    string Source,
    SweepFolder Folder,
    IReadOnlyList<SweepCell> Cells,
    CellCommands Commands,
    IReadOnlyList<TrainRequest> Requests
)
{
    /// <param name="root">All commands.</param>
    /// <param name="file">The file or folder, as it was typed.</param>
    /// <param name="output">The folder of the results as it was typed, or null.</param>
    /// <param name="device">The device that computes, or null for the standard one.</param>
    /// <exception cref="TextualInversionException">Something is wrong; the message names all problems.</exception>
    public static CheckedSweep Read(Command root, string file, string? output, string? device)
    {
        var spec = SweepFile.Read(file, CellCommands.Find(root), CellCommands.FindEval(root));
        var folder = new SweepFolder(SweepArguments.Folder(output, spec));
        var cells = SweepPlan.Cells(spec);
        var commands = new CellCommands(root, folder, device);
        return new CheckedSweep(Path.GetFullPath(file), folder, cells, commands, commands.Check(cells, file));
    }

    /// <summary>The cells that are not done, with their arguments.</summary>
    public IReadOnlyList<(SweepCell Cell, TrainRequest Request)> Missing =>
        [.. Cells.Zip(Requests).Where(pair => Folder.StateOf(pair.First) != CellState.Done)];
}
