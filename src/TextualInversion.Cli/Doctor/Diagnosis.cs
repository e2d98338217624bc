namespace TextualInversion.Cli.Doctor;

/// <summary>Something that <c>ti doctor</c> looked at.</summary>
/// <param name="Subject">What was looked at, in a word or two.</param>
/// <param name="Health">Whether a training would work.</param>
/// <param name="Message">What was found; if something is wrong, also what to do.</param>
internal sealed record Diagnosis(string Subject, Health Health, string Message);

internal enum Health
{
    Ok,

    /// <summary>A training would run, but slowly, or not with every model.</summary>
    Warning,

    /// <summary>A training would stop.</summary>
    Problem,
}
