using TextualInversion.Cli.Sweep.Plan;
using TextualInversion.Cli.Sweep.Work;
using TextualInversion.Tests.Fixtures;

namespace TextualInversion.Cli.Tests.Sweep;

/// <summary>A folder with concepts and a small random model, in which a test sweeps.</summary>
internal sealed class SweepTestFolder : IDisposable
{
    private readonly TemporaryFolder folder = new();

    /// <summary>Options of short trainings.</summary>
    public const string Short = "train: {steps: 3, batch: 1, resolution: 32, validate-every: 2, save-every: 1}\n";

    /// <summary>The same on the command line.</summary>
    public static readonly string[] ShortOptions =
    [
        "--steps",
        "3",
        "--batch",
        "1",
        "--resolution",
        "32",
        "--validate-every",
        "2",
        "--save-every",
        "1",
    ];

    public static string Model { get; } = Goldens.Path("models", "sd1");

    public string Output => folder.File("out");

    public SweepFolder Sweep => new(Output);

    public string File(string name) => folder.File(name);

    public string Write(string name, string content) => folder.Write(name, content);

    /// <summary>Makes a folder with some of the sample images.</summary>
    public string Images(string name, string sample = "my-cat", int count = 2)
    {
        Directory.CreateDirectory(File(name));
        for (var number = 1; number <= count; number++)
            System.IO.File.Copy(Goldens.Sample(sample, $"{number}.png"), Path.Combine(File(name), $"{number}.png"));
        return File(name);
    }

    /// <summary>Writes a sweep of cells without settings: cell-0, cell-1 and so on.</summary>
    public IReadOnlyList<SweepCell> Plan(int count)
    {
        var cells = Enumerable
            .Range(0, count)
            .Select(number => new SweepCell
            {
                Name = $"cell-{number}",
                Placeholder = $"<cell-{number}>",
                Seed = 1,
                Matrix = new Dictionary<string, string>(),
                Settings = new Dictionary<string, IReadOnlyList<string>>(),
            })
            .ToList();
        Sweep.WritePlan(cells);
        return cells;
    }

    /// <summary>Runs <c>ti sweep</c>.</summary>
    public Task<(int ExitCode, string Output, string Error)> RunAsync(string file, params string[] more) =>
        TiRunner.RunAsync(["sweep", File(file), "--output", Output, .. more]);

    public void Dispose() => folder.Dispose();
}
