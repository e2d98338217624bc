namespace TextualInversion.Cli.Doctor;

/// <summary>Collects what <c>ti doctor</c> finds, in its order.</summary>
internal sealed class Diagnoses
{
    private readonly List<Diagnosis> all = [];

    public IReadOnlyList<Diagnosis> All => all;

    public int Count(Health health) => all.Count(each => each.Health == health);

    public void Ok(string subject, string message) => Add(subject, Health.Ok, message);

    public void Warn(string subject, string message) => Add(subject, Health.Warning, message);

    public void Refuse(string subject, string message) => Add(subject, Health.Problem, message);

    public void Add(string subject, Health health, string message) =>
        all.Add(new Diagnosis(subject, health, message.TrimEnd('.')));

    /// <summary>Does something that throws if it finds a problem.</summary>
    /// <param name="subject">What is looked at.</param>
    /// <param name="health">How bad a problem is.</param>
    /// <param name="work">Looks, and returns what to say if all is well.</param>
    public void Try(string subject, Health health, Func<string> work)
    {
        try
        {
            Ok(subject, work());
        }
        catch (TextualInversionException problem)
        {
            Add(subject, health, problem.Message);
        }
    }
}
