namespace TextualInversion.Cli.Check;

/// <summary>Something that <c>ti check</c> found.</summary>
/// <param name="Severity">Whether training would be refused.</param>
/// <param name="Subject">What it is about.</param>
/// <param name="Message">What is wrong, where, and what to do.</param>
internal sealed record CheckFinding(Severity Severity, CheckSubject Subject, string Message);

internal enum Severity
{
    /// <summary>The training goes its way, but the result may be poor.</summary>
    Warning,

    /// <summary>The training would be refused.</summary>
    Error,
}

internal enum CheckSubject
{
    Images,
    Tokens,
    Model,
    Training,
    Output,
}
