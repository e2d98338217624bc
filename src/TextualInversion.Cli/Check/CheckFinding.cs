namespace TextualInversion.Cli.Check;

/// <summary>Something that <c>ti check</c> found.</summary>
/// <param name="Severity">Whether training would be refused.</param>
/// <param name="Subject">The part of the training that it is about.</param>
/// <param name="Message">What is wrong, where, and what to do.</param>
internal sealed record CheckFinding(Severity Severity, CheckSubject Subject, string Message);

internal enum Severity
{
    /// <summary>Training would run, but the result may be poor.</summary>
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
