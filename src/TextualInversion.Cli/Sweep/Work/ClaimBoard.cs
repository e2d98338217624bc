using System.Globalization;
using TextualInversion.IO;

namespace TextualInversion.Cli.Sweep.Work;

/// <summary>
/// Workers that share a folder claim cells in it, without a server. A claim is a folder NAME.1, NAME.2 and so on: one
/// worker alone succeeds in making it, on NFS too. The next number may be made once the owner of the last one gave it
/// up, or let its heartbeat become stale. Nothing is moved or deleted, so that a late worker cannot disturb a newer
/// claim.
/// </summary>
/// <remarks>
/// Whether a heartbeat is stale is measured with the clock of the worker that watches it: the same beat for as long as
/// <see cref="StaleAfter"/>. The clocks of the machines may differ.
/// </remarks>
/// <param name="folder">The folder of the claims.</param>
/// <param name="worker">The name of this worker, which no other one has.</param>
/// <param name="time">The clock.</param>
internal sealed class ClaimBoard(string folder, string worker, TimeProvider time)
{
    private readonly Dictionary<string, (string Beat, long Since)> watched = [];

    /// <summary>The time after which a heartbeat that does not change is that of a dead worker.</summary>
    public TimeSpan StaleAfter { get; init; } = TimeSpan.FromSeconds(90);

    /// <summary>Moves a folder; fails where another one with a file is.</summary>
    public Action<string, string> Move { get; init; } = Directory.Move;

    /// <summary>Tries out whether one of two workers alone can make a claim here.</summary>
    /// <exception cref="TextualInversionException">
    /// The file system cannot move folders, lets two workers have one claim, or cannot be written to.
    /// </exception>
    public void RequireExclusion()
    {
        string[] probes =
        [
            .. Enumerable.Range(1, 2).Select(number => Path.Combine(folder, $".{worker}.probe{number}")),
        ];
        var target = Path.Combine(folder, $".{worker}.probe");
        try
        {
            foreach (var probe in probes)
            {
                Directory.CreateDirectory(probe);
                Heartbeat.Of(probe, 0, ClaimState.Held).Write(probe);
            }

            Move(probes[0], target);
            if (IsSecondMoved() || Heartbeat.Read(target)?.Worker != probes[0])
                throw NoExclusion("two processes can have the same claim here");
        }
        catch (Exception error) when (IoErrors.IsFileError(error))
        {
            throw NoExclusion(IoErrors.Reason(error), error);
        }
        finally
        {
            foreach (var made in probes.Append(target).Where(Directory.Exists))
                Directory.Delete(made, recursive: true);
        }

        bool IsSecondMoved()
        {
            try
            {
                Move(probes[1], target);
                return true;
            }
            catch (Exception error) when (IoErrors.IsFileError(error))
            {
                return false;
            }
        }
    }

    private TextualInversionException NoExclusion(string why, Exception? cause = null)
    {
        var message =
            $"{folder}: workers cannot claim cells on this file system ({why}); choose an --output on another one, or "
            + "share the cells with --shard instead of --claim.";
        return cause is null ? new TextualInversionException(message) : new TextualInversionException(message, cause);
    }

    /// <summary>A name that no other worker has.</summary>
    public static string NewWorker() =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"{Environment.MachineName}-{Environment.ProcessId}-{Random.Shared.Next():x}"
        );

    /// <summary>Claims a cell.</summary>
    /// <returns>The claim, or null if a worker has it or has finished it.</returns>
    /// <exception cref="TextualInversionException">The folder cannot be written to.</exception>
    public Claim? TryClaim(string cell)
    {
        Directory.CreateDirectory(folder);
        for (var number = 1; ; number++)
        {
            var path = PathOf(cell, number);
            if (TryMake(path))
                return new Claim(path, PathOf(cell, number + 1), worker, StaleAfter / 6);
            if (!Directory.Exists(PathOf(cell, number + 1)) && !IsGivenUp(path))
                return null;
        }
    }

    /// <summary>
    /// Who works on a cell, or died while working on it, as far as the folder shows; null if nobody does.
    /// </summary>
    /// <param name="folder">The folder of the claims.</param>
    /// <param name="cell">The cell.</param>
    /// <returns>The heartbeat, and how long ago it was written by the clock of this machine.</returns>
    public static (Heartbeat Beat, TimeSpan Age)? HolderOf(string folder, string cell) =>
        Claims(folder, cell).LastOrDefault() is { } last && Heartbeat.Read(last) is { State: ClaimState.Held } beat
            ? (beat, Heartbeat.AgeOf(last))
            : null;

    /// <summary>How often workers that had claimed a cell failed to train it.</summary>
    public int FailuresOf(string cell) =>
        Claims(folder, cell).Count(claim => Heartbeat.Read(claim)?.State == ClaimState.Failed);

    /// <summary>The folders of a cell's claims, the newest last.</summary>
    private static IEnumerable<string> Claims(string folder, string cell)
    {
        for (var number = 1; PathOf(folder, cell, number) is var path && Directory.Exists(path); number++)
            yield return path;
    }

    private static string PathOf(string folder, string cell, int number) =>
        Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"{cell}.{number}"));

    private string PathOf(string cell, int number) => PathOf(folder, cell, number);

    /// <summary>Makes the folder of a claim with its first heartbeat, unless another worker made it before.</summary>
    private bool TryMake(string path)
    {
        if (Directory.Exists(path))
            return false;
        // It is made under a name of this worker alone and moved: a move onto a folder that holds a file fails.
        var own = Path.Combine(folder, $".{worker}.{Path.GetFileName(path)}");
        try
        {
            Directory.CreateDirectory(own);
            Heartbeat.Of(worker, 0, ClaimState.Held).Write(own);
            Move(own, path);
            return true;
        }
        catch (Exception error) when (IoErrors.IsFileError(error) && Heartbeat.Read(path) is { } made)
        {
            if (Directory.Exists(own))
                Directory.Delete(own, recursive: true);
            return made.Worker == worker; // NFS repeats a move whose answer was lost
        }
        catch (Exception error) when (IoErrors.IsFileError(error))
        {
            throw IoErrors.Wrap(path, "written", error);
        }
    }

    /// <summary>Whether the owner of a claim gave it up, or is dead.</summary>
    private bool IsGivenUp(string path)
    {
        if (Heartbeat.Read(path) is not { } beat)
            return IsStale(path, "");
        // A finished cell is asked for only if its files are not there: they were deleted, or not seen yet.
        return beat.State is ClaimState.GivenUp or ClaimState.Failed
            || (beat.State == ClaimState.Held && beat.IsOfDeadProcess)
            || IsStale(path, $"{beat.Worker} {beat.Count}");
    }

    private bool IsStale(string path, string beat)
    {
        if (watched.TryGetValue(path, out var seen) && seen.Beat == beat)
            return time.GetElapsedTime(seen.Since) > StaleAfter;
        watched[path] = (beat, time.GetTimestamp());
        return false;
    }
}
