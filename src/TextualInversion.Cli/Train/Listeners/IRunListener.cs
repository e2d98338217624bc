namespace TextualInversion.Cli.Train.Listeners;

/// <summary>Follows a run of <c>ti train</c>. Listeners do not change what is learned.</summary>
internal interface IRunListener : IDisposable
{
    /// <summary>Called after each step, and before the first step of a run that is not resumed.</summary>
    void OnStepCompleted(TrainProgress step);

    /// <summary>
    /// Called before the run's state is written. Everything about earlier steps must be in the files by then: a run
    /// that is resumed finds it there.
    /// </summary>
    void OnSaving();
}
