namespace TextualInversion.Cli.Train.Listeners;

/// <summary>Follows a run of <c>ti train</c>: what it says or keeps of the steps does not change them.</summary>
internal interface IRunListener : IDisposable
{
    /// <summary>After every step, and before the first of a run that does not go on with another.</summary>
    void OnStepCompleted(TrainProgress step);

    /// <summary>Before the run's state is written: what was kept of its steps must be in the files by then, since a run that goes on finds it there.</summary>
    void OnSaving();
}
