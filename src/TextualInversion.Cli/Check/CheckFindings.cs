namespace TextualInversion.Cli.Check;

/// <summary>Collects what <c>ti check</c> finds, each once.</summary>
/// <param name="messageOf">Gives the message of a problem, with options in place of properties.</param>
internal sealed class CheckFindings(Func<TextualInversionException, string> messageOf)
{
    private readonly List<CheckFinding> all = [];

    public IReadOnlyList<CheckFinding> All => all;

    /// <summary>Whether training would be refused.</summary>
    public bool HasErrors => all.Any(finding => finding.Severity == Severity.Error);

    public void Warn(CheckSubject subject, string message) => Add(Severity.Warning, subject, message);

    public void Refuse(CheckSubject subject, string message) => Add(Severity.Error, subject, message);

    public void Refuse(CheckSubject subject, TextualInversionException problem) => Refuse(subject, messageOf(problem));

    /// <summary>Does something. A problem with it is a finding.</summary>
    /// <returns>The result, or null after a problem.</returns>
    public T? Try<T>(CheckSubject subject, Func<T> work)
        where T : class
    {
        try
        {
            return work();
        }
        catch (TextualInversionException problem)
        {
            Refuse(subject, problem);
            return null;
        }
    }

    /// <inheritdoc cref="Try{T}"/>
    public void Try(CheckSubject subject, Action work)
    {
        try
        {
            work();
        }
        catch (TextualInversionException problem)
        {
            Refuse(subject, problem);
        }
    }

    private void Add(Severity severity, CheckSubject subject, string message)
    {
        if (all.All(finding => finding.Message != message))
            all.Add(new CheckFinding(severity, subject, message));
    }
}
