namespace TextualInversion.Cli.Sweep.Work;

/// <summary>How far a cell is, as its files show it.</summary>
internal enum CellState
{
    /// <summary>Nothing is saved yet.</summary>
    Waiting,

    /// <summary>Its training was interrupted or is running; it resumes from its state.</summary>
    Started,

    /// <summary>Its embedding is final.</summary>
    Done,

    /// <summary>Its last attempt ended with a problem.</summary>
    Failed,
}
