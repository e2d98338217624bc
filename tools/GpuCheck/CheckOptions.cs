using System.Globalization;
using TextualInversion.Native;
using static TorchSharp.torch;

namespace TextualInversion.GpuCheck;

/// <summary>The arguments of the program.</summary>
internal sealed record CheckOptions
{
    public const string Usage = """
        Checks training and generation on a GPU, and measures them. It takes at most ten minutes, needs no network, and
        continues where it stopped.

            scripts/gpu-check [--device DEVICE] [--output FOLDER] [--minutes N] [--tiny] [--python PROGRAM]

        --device DEVICE   cuda, cuda:1, mps or cpu. Default: cuda.
        --output FOLDER   Receives the results; report.md has the tables. Default: gpu-check/DEVICE.
        --minutes N       When to stop. Run it again to continue. Default: 10.
        --tiny            Small models instead of those of real size, to try the program itself.
        --python PROGRAM  A Python with torch and diffusers, which are measured as well. Default: python3.

        TI_LIBTORCH names the folder of a libtorch, see docs/devices.md.
        """;

    private const int MostMinutes = 24 * 60;

    public string DeviceName { get; init; } = "cuda";

    /// <summary>The folder of the results.</summary>
    public string Output =>
        GivenOutput ?? Path.Combine("gpu-check", DeviceName.Replace(':', '-') + (IsTiny ? "-tiny" : ""));

    public string? GivenOutput { get; init; }

    public double Minutes { get; init; } = 10;

    public bool IsTiny { get; init; }

    /// <summary>The steps of an image.</summary>
    public int ImageSteps => IsTiny ? 2 : 20;

    public string Python { get; init; } = "python3";

    /// <summary>The one check that this process runs, or null for all, each in a process of its own.</summary>
    public string? Only { get; init; }

    /// <summary>The repository, which holds the demo model and images.</summary>
    public static string Repository { get; } = FindRepository();

    /// <exception cref="TextualInversionException">An argument is unknown or lacks its value.</exception>
    public static CheckOptions Parse(string[] arguments)
    {
        var options = new CheckOptions();
        for (var i = 0; i < arguments.Length; i++)
        {
            options = arguments[i] switch
            {
                "--device" => options with { DeviceName = Value() },
                "--output" => options with { GivenOutput = Value() },
                "--minutes" => options with { Minutes = MinutesOf(Value()) },
                "--python" => options with { Python = Value() },
                "--only" => options with { Only = Value() },
                "--tiny" => options with { IsTiny = true },
                _ => throw new TextualInversionException($"{arguments[i]} is not an option.\n\n{Usage}"),
            };

            string Value() =>
                ++i < arguments.Length
                    ? arguments[i]
                    : throw new TextualInversionException($"{arguments[i - 1]} needs a value.\n\n{Usage}");
        }

        return options;
    }

    /// <summary>Loads libtorch and finds the device.</summary>
    /// <exception cref="TextualInversionException">There is no such device, or libtorch cannot be loaded.</exception>
    public Device Start()
    {
        var libtorch = Environment.GetEnvironmentVariable("TI_LIBTORCH");
        TorchRuntime.Initialize(
            new TorchRuntimeOptions
            {
                LibtorchFolder = string.IsNullOrEmpty(libtorch) ? null : libtorch,
                OnWarning = warning => Console.Error.WriteLine($"warning: {warning}"),
            }
        );
        return DeviceFinder.Find(DeviceName);
    }

    /// <summary>The precisions that this kind of device computes in.</summary>
    public IReadOnlyList<Precision> Precisions =>
        DeviceName == "cpu" ? [Precision.Fp32, Precision.Bf16] : [Precision.Fp32, Precision.Bf16, Precision.Fp16];

    /// <summary>The type in which the U-Net computes.</summary>
    public static ScalarType TypeOf(Precision precision) => PrecisionChoice.TypeOf(precision);

    private static double MinutesOf(string text) =>
        double.TryParse(text, CultureInfo.InvariantCulture, out var minutes) && minutes is >= 0 and <= MostMinutes
            ? minutes
            : throw new TextualInversionException($"--minutes {text}: choose a number from 0 to {MostMinutes}.");

    private static string FindRepository()
    {
        var folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "TextualInversion.sln")))
            folder =
                Path.GetDirectoryName(folder)
                ?? throw new TextualInversionException("Run this program from within the repository.");
        return folder;
    }
}
