using System.Globalization;
using TextualInversion.Cli.Infrastructure;
using TextualInversion.Native;
using TextualInversion.Training.Estimates;
using static TorchSharp.torch;

namespace TextualInversion.Cli.Doctor;

/// <summary>Whether libtorch can be loaded and computes, and on what.</summary>
internal static class TorchCheck
{
    private const string Libtorch = "libtorch";
    private const double Gib = 1L << 30;
    private const long LeastMemory = 1L << 30; // bytes; the demo model's training takes less

    /// <param name="settings">The libtorch to load.</param>
    /// <param name="origin">Who names it, such as <c>ships with ti</c>.</param>
    /// <param name="found">Receives what is found.</param>
    public static void Run(TorchRuntimeOptions settings, string origin, Diagnoses found)
    {
        try
        {
            TorchSettings.Start(settings with { OnWarning = text => found.Warn(Libtorch, text) });
            RequireRightSum();
            var report = TorchRuntime.Describe();
            var place = report.Folder is { } folder ? $", in {folder}" : "";
            found.Ok(Libtorch, $"{report.Version ?? "of unknown version"}, {origin}{place}");
        }
        catch (TextualInversionException problem)
        {
            found.Refuse(Libtorch, problem.Message);
            return;
        }
        catch (Exception error)
            when (error is DllNotFoundException or NotSupportedException or TypeInitializationException)
        {
            found.Refuse(
                Libtorch,
                $"cannot be loaded ({error.Message.Split('\n')[0].TrimEnd('.')}); name the folder of one with "
                    + $"{SharedOptions.LibtorchName} or {TorchSettings.Variable}, or install ti again"
            );
            return;
        }

        var devices = DeviceReport.All();
        Device(devices[0], CudaDriver.Describe(0), found);
        Memory(devices[0], found);
        Threads(get_num_threads(), Environment.ProcessorCount, found);
    }

    /// <param name="device">The device that <c>auto</c> chooses.</param>
    /// <param name="driver">What NVIDIA's driver says of the first GPU; null if there is no driver or no GPU.</param>
    /// <param name="found">Receives what is found.</param>
    internal static void Device(DeviceReport device, CudaDevice? driver, Diagnoses found)
    {
        const string Subject = "device";
        var precision = device.Precision.ToString().ToLowerInvariant();
        if (driver is not null && !device.Name.StartsWith("cuda", StringComparison.Ordinal))
            found.Warn(
                Subject,
                $"{device.Name}, although {driver.Name} is there: this libtorch is not for CUDA, or not for this "
                    + $"driver; name the folder of one that is with {SharedOptions.LibtorchName}, such as that of an "
                    + "installed PyTorch"
            );
        else
            found.Ok(Subject, $"{device.Name}: {device.Product}; --precision auto is {precision}");
    }

    /// <param name="device">The device that <c>auto</c> chooses.</param>
    /// <param name="found">Receives what is found.</param>
    internal static void Memory(DeviceReport device, Diagnoses found)
    {
        const string Subject = "memory";
        if (device.Budget.TotalBytes == long.MaxValue)
        {
            found.Ok(Subject, "the driver does not say how much there is");
            return;
        }

        var sizes = Invariant($"{device.Budget.FreeBytes / Gib:F1} of {device.Budget.TotalBytes / Gib:F1} GiB free");
        var fits = PublishedModel.All.Where(model => Need(model, device) <= device.Budget.ForTraining).ToList();
        var smallest = PublishedModel.All[0];
        if (device.Budget.AvailableBytes < LeastMemory)
            found.Refuse(Subject, $"{sizes}, too little for any training; close other programs");
        else if (fits.Count == 0)
            found.Warn(
                Subject,
                Invariant($"{sizes}; {smallest.Name} needs {Need(smallest, device) / Gib:F1} GiB for a training, ")
                    + "so that only --model demo can be trained here"
            );
        else if (device.Budget.FreeBytes < Need(smallest, device))
            found.Warn(
                Subject,
                Invariant($"{sizes}; {smallest.Name} needs {Need(smallest, device) / Gib:F1} GiB for a training; ")
                    + "close other programs first"
            );
        else
            found.Ok(Subject, $"{sizes}, enough to train {string.Join(", ", fits.Select(model => model.Name))}");
    }

    /// <param name="threads">The threads that libtorch computes with.</param>
    /// <param name="processors">The processors that this process may use.</param>
    /// <param name="found">Receives what is found.</param>
    internal static void Threads(int threads, int processors, Diagnoses found)
    {
        const string Subject = "threads";
        var text = $"{threads} on {Plural.Of(processors, "processor")}";
        if (threads > processors)
            found.Warn(Subject, $"{text}, which wait for each other; set OMP_NUM_THREADS={processors}");
        else
            found.Ok(Subject, text);
    }

    /// <summary>The memory that a training needs at least, in bytes.</summary>
    private static long Need(PublishedModel model, DeviceReport device) =>
        TrainingMemory.Estimate(
            model.Sizes,
            model.LatentSide,
            new TrainOptions().BatchSize,
            PrecisionChoice.TypeOf(device.Precision),
            new MemoryChoice(GradientCheckpointing: true, KeepsHalf: false)
        );

    /// <exception cref="TextualInversionException">libtorch computes something else than it should.</exception>
    private static void RequireRightSum()
    {
        const int Side = 64;
        using var scope = NewDisposeScope();
        var product = ones(Side, Side).mm(ones(Side, Side));
        if (product.sum().item<float>() is var sum && sum != Side * Side * Side)
            throw new TextualInversionException(
                Invariant($"computes a wrong matrix product (sum {sum}); use another libtorch.")
            );
    }

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
