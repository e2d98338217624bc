using TextualInversion.Cli.Infrastructure;
using TextualInversion.Cli.Terminal;
using TextualInversion.Generation;
using TextualInversion.Native;
using TorchSharp;
using static TorchSharp.torch;

namespace TextualInversion.Cli.Generate;

/// <summary>How many images to make at once, by the memory that there is.</summary>
/// <param name="memory">The memory that the model takes.</param>
/// <param name="device">The device that computes.</param>
/// <param name="budget">Its memory.</param>
internal sealed class BatchMemoryProbe(GenerationMemory memory, Device device, MemoryBudget budget)
{
    /// <summary>
    /// The largest batch of <c>--batch auto</c>. This many images keep a GPU busy; with more, Ctrl-C would lose more.
    /// </summary>
    public const int MostAtOnce = 8;

    /// <summary>
    /// The number asked for, else as many images as fit. Warns if even one image probably does not fit.
    /// </summary>
    /// <param name="plan">The images.</param>
    /// <param name="asked">The number of images at once, or null for as many as fit.</param>
    /// <param name="messages">Receives the warnings.</param>
    public int Batch(ImagePlan plan, int? asked, ConsoleLog messages)
    {
        // No other difference between the images affects memory.
        var options = plan.Jobs.MaxBy(job => job.Options.Guidance)!.Options;
        WarnOfTooLittle(memory.Estimate(options, 1), options, messages);
        if (asked is { } number)
            return number;
        if (device.type == DeviceType.CPU)
            return 1;
        return memory.LargestBatch(options, budget.ForGeneration, Math.Min(plan.Jobs.Count, MostAtOnce));
    }

    private void WarnOfTooLittle(long needed, GenerationSettings options, ConsoleLog messages)
    {
        if (needed <= budget.FreeBytes)
            return;
        var smaller =
            memory.Type == ScalarType.Float32
                ? "--precision bf16, or a smaller --width and --height"
                : "a smaller --width and --height";
        messages.Warn(
            $"an image of {options.Width} x {options.Height} takes about {ByteSize.Format(needed)} of memory "
                + $"with this model, and {ByteSize.Format(budget.FreeBytes)} are free; it may fail or be very slow. "
                + $"Free some, or choose {smaller}."
        );
    }
}
