using TextualInversion.Cli.Infrastructure;
using TextualInversion.Cli.Terminal;
using TextualInversion.Training;
using TextualInversion.Training.RunFiles;

namespace TextualInversion.Cli.Train;

/// <summary>The run that <c>train --resume</c> names.</summary>
/// <param name="Folder">The run's folder, as it was typed.</param>
/// <param name="State">Its state, or that of its first seed.</param>
/// <param name="IsOfSeeds">Whether it is a run of several seeds.</param>
internal sealed record ResumedRun(string Folder, TrainState State, bool IsOfSeeds) : IDisposable
{
    /// <exception cref="TextualInversionException">It is not a run's folder, or its state is damaged.</exception>
    public static ResumedRun? Open(string? folder)
    {
        if (folder is null)
            return null;
        var (path, isOfSeeds) = RunFolder.StateToResume(folder);
        return new ResumedRun(folder, TrainState.Read(path), isOfSeeds);
    }

    /// <summary>Whether the run is continued beyond the number of steps that it began with.</summary>
    public bool IsExtended(TrainOptions options) => IsExtended(State, options);

    /// <summary>
    /// The state to resume from, if nothing that decides what is learned has changed but the number of steps.
    /// </summary>
    /// <param name="state">The state of the run, or of one of its seeds.</param>
    /// <param name="setup">What is trained now.</param>
    /// <param name="messages">Receives where the run continues.</param>
    /// <exception cref="TextualInversionException">
    /// Something else changed, or more steps were taken already.
    /// </exception>
    public static TrainState Resume(TrainState state, TrainSetup setup, ConsoleLog messages)
    {
        var isExtended = IsExtended(state, setup.Options);
        state.RequireSame(TrainIdentity.Of(setup), except: isExtended ? TrainIdentity.Steps : null);
        messages.Info($"resuming after step {state.Step}");
        if (!isExtended)
            return state;
        if (setup.Options.Steps < state.Step)
            throw new UsageException(
                $"--steps {setup.Options.Steps}: the run already took {state.Step} steps; choose more to extend it."
            );
        messages.Info(
            $"the run now has {setup.Options.Steps} steps. The learning rate follows the new length from here "
                + "on, so the result differs from that of one run of this length, unless --lr-schedule is constant"
        );
        return state.Extended();
    }

    /// <summary>Refuses to resume several seeds as one, or one as several.</summary>
    /// <param name="count">The number of seeds, as it was typed now or when the run began.</param>
    /// <param name="isTyped">Whether it was typed now.</param>
    /// <exception cref="TextualInversionException">The numbers do not fit.</exception>
    public void RequireSameSeeds(int count, bool isTyped)
    {
        if (!IsOfSeeds && count > 1 && !isTyped)
        {
            var whole = Path.GetDirectoryName(Path.TrimEndingDirectorySeparator(Folder));
            throw new TextualInversionException(
                $"{Folder}: is the run of one of {count} seeds; resume all of them: --resume "
                    + $"{ShellCommand.Quote(whole ?? ".")}."
            );
        }

        if (count > 1 != IsOfSeeds)
            throw new UsageException(
                $"--seeds {count}: the run to resume has {(IsOfSeeds ? "several seeds" : "one seed")}; "
                    + "resume it without --seeds, or start a new run."
            );
    }

    public void Dispose() => State.Dispose();

    private static bool IsExtended(TrainState state, TrainOptions options) =>
        state.Identity.TryGetValue(TrainIdentity.Steps, out var steps)
        && steps != TrainIdentity.Of(options)[TrainIdentity.Steps];
}
