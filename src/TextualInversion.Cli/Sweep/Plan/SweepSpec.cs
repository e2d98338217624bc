namespace TextualInversion.Cli.Sweep.Plan;

/// <summary>What a sweep file or a folder of folders asks for.</summary>
internal sealed record SweepSpec
{
    /// <summary>The file or folder, as it was typed.</summary>
    public required string Source { get; init; }

    /// <summary>The folder of the results, or null if the file names none.</summary>
    public required string? Output { get; init; }

    /// <summary>Options of all cells.</summary>
    public required IReadOnlyList<Setting> Train { get; init; }

    public required IReadOnlyList<SweepConcept> Concepts { get; init; }

    /// <summary>Options with several values each. Every combination is trained.</summary>
    public required IReadOnlyList<MatrixAxis> Matrix { get; init; }

    public required IReadOnlyList<ulong> Seeds { get; init; }

    /// <summary>The options of <c>ti eval</c>, or null if cells are not evaluated.</summary>
    public IReadOnlyList<Setting>? Eval { get; init; }
}

/// <summary>An option of <c>ti train</c> with its values.</summary>
/// <param name="Option">The option without <c>--</c>.</param>
/// <param name="Written">The values as the file has them, which tell sweeps apart.</param>
/// <param name="Values">The values as the command line takes them: paths are absolute.</param>
internal sealed record Setting(string Option, IReadOnlyList<string> Written, IReadOnlyList<string> Values)
{
    /// <summary>The arguments of the command line.</summary>
    public IEnumerable<string> Arguments =>
        Values is [{ Length: > 0 } value] && value[0] is '-' or '@'
            ? [$"--{Option}={Values[0]}"] // alone it would be taken for an option
            : Values.Prepend($"--{Option}");
}

/// <param name="Token">The token as it was written.</param>
/// <param name="Settings">Its images and its own options.</param>
/// <param name="Where">Where it was written, for messages.</param>
internal sealed record SweepConcept(string Token, IReadOnlyList<Setting> Settings, string Where);

/// <param name="Option">The option without <c>--</c>.</param>
/// <param name="Values">A setting for each value.</param>
internal sealed record MatrixAxis(string Option, IReadOnlyList<Setting> Values);
