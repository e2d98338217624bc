using System.CommandLine;
using TextualInversion.Cli.Infrastructure;
using TextualInversion.Cli.ModelAccess;
using TextualInversion.Cli.Terminal;
using TextualInversion.Hub;

namespace TextualInversion.Cli.Doctor;

/// <summary><c>ti doctor</c>: whether this machine can train, and what to do if not.</summary>
internal sealed class DoctorCommand : CommandBase
{
    private readonly PathOption libtorch = SharedOptions.Libtorch();
    private readonly Option<bool> offline = new("--offline")
    {
        Description = "Do not ask the hub whether it can be reached.",
    };
    private readonly Option<bool> json = SharedOptions.Json();
    private readonly Func<string, string?> variable;

    /// <param name="models">Finds models.</param>
    /// <param name="variable">Gives the value of an environment variable, or null if it is not set.</param>
    public DoctorCommand(ModelLocator models, Func<string, string?> variable)
        : base(
            "doctor",
            "Look at this machine (libtorch, device, memory, threads, disk space, model, network, leftovers of "
                + "interrupted commands) and say what would go wrong in a training, and what to do. The exit code is 1 "
                + "if a training would stop."
        )
    {
        this.variable = variable;
        AddGroup("Machine", libtorch, offline);
        AddGroup("Output", json);
        SetAction((parsed, cancellationToken) => RunAsync(parsed, models, cancellationToken));
    }

    /// <summary>A libtorch that cannot be loaded is one of the findings.</summary>
    public override bool UsesTorch => false;

    public override IReadOnlyList<string> Examples => ["ti doctor --offline", "ti doctor --offline --json"];

    private async Task<int> RunAsync(ParseResult parsed, ModelLocator models, CancellationToken cancellationToken)
    {
        var found = new Diagnoses();
        ProgramCheck.Run(found);
        TorchCheck.Run(TorchSettings.Of(parsed, variable, _ => { }), Origin(parsed), found);
        StorageCheck.Run(
            "current folder",
            Environment.CurrentDirectory,
            StorageCheck.TrainingBytes,
            Health.Problem,
            "write elsewhere with --output",
            found
        );
        LatentCacheCheck.Run(models.LatentCache, found);
        if (Hub(found) is { } hub)
        {
            await HubCheck.RunAsync(models, hub, parsed.GetValue(offline), found, cancellationToken);
            LeftoverCheck.Run(new HubCache(hub.CacheFolder), folder: "", found);
        }

        Write(parsed.InvocationConfiguration.Output, found, parsed.GetValue(json));
        return found.Count(Health.Problem) == 0 ? ExitCode.Done : ExitCode.Problem;
    }

    private string Origin(ParseResult parsed) =>
        parsed.GetValue(libtorch) is not null ? $"named with {SharedOptions.LibtorchName}"
        : variable(TorchSettings.Variable) is { Length: > 0 } ? $"named by {TorchSettings.Variable}"
        : "which ships with ti";

    /// <summary>The settings of the hub, or null if they are wrong.</summary>
    private HubOptions? Hub(Diagnoses found)
    {
        try
        {
            return HubEnvironment.Resolve(variable);
        }
        catch (TextualInversionException problem)
        {
            found.Refuse("network", problem.Message);
            return null;
        }
    }

    private static void Write(TextWriter output, Diagnoses found, bool asJson)
    {
        var (problems, warnings) = (found.Count(Health.Problem), found.Count(Health.Warning));
        if (asJson)
        {
            output.WriteLine(JsonOutput.Serialize(new { Ready = problems == 0, Checks = found.All }));
            return;
        }

        var table = new PlainTable().AddColumn(wraps: false).AddColumn(wraps: false).AddColumn();
        foreach (var each in found.All)
            table.AddRow(each.Health.ToString().ToLowerInvariant(), each.Subject, each.Message);
        table.Write(output);
        output.WriteLine(
            problems > 0 ? $"verdict: a training would stop: {Plural.Of(problems, "problem")}"
            : warnings > 0 ? $"verdict: ready to train, with {Plural.Of(warnings, "warning")}"
            : "verdict: ready to train"
        );
    }
}
