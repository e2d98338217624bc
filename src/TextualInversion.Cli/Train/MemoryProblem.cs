using TextualInversion.Cli.Infrastructure;
using TextualInversion.Native;

namespace TextualInversion.Cli.Train;

/// <summary>The error messages where memory ran out.</summary>
internal static class MemoryProblem
{
    /// <param name="isInBatchOfSeveral">Whether several concepts were in training at once.</param>
    /// <returns>What can be said without knowing what was computed, after "error: ".</returns>
    public static string Anywhere(bool isInBatchOfSeveral = false) =>
        "memory ran out; close other programs, or choose "
        + (isInBatchOfSeveral ? "a smaller --concepts-at-once, " : "")
        + $"--precision bf16, a smaller --batch, or smaller images.{AddressLimit.Advice}";

    /// <param name="options">How it was trained.</param>
    /// <param name="format">The numbers of the model.</param>
    /// <param name="hasCheckpointing">Whether gradient checkpointing was on.</param>
    /// <param name="concepts">How many concepts were in training at once.</param>
    /// <param name="resumePath">What <c>ti train --resume</c> takes, or null if no state was saved.</param>
    /// <param name="advice">
    /// <see cref="AddressLimit.Advice"/>, which counts whether it is resumed or not; empty for a GPU's memory.
    /// </param>
    public static string Message(
        TrainOptions options,
        Precision format,
        bool hasCheckpointing,
        int concepts,
        string? resumePath,
        string advice
    )
    {
        var precision = format.ToString().ToLowerInvariant();
        var where =
            $"Memory ran out with {(concepts > 1 ? $"{concepts} concepts at once, " : "")}images of "
            + $"{options.Resolution} pixels, --batch {options.BatchSize}, --precision {precision} and gradient "
            + $"checkpointing {(hasCheckpointing ? "on" : "off")}. ";
        var change =
            (concepts > 1 ? "a smaller --concepts-at-once, " : "")
            + (format == Precision.Fp32 ? "--precision bf16, " : "")
            + (options.BatchSize > 1 ? "a smaller --batch with a larger --accumulate, " : "")
            + "a smaller --resolution";
        if (resumePath is null)
            return $"{where}Close other programs, or choose {(hasCheckpointing ? "" : "--gradient-checkpointing on, ")}"
                + $"{change}.{advice}";
        var resume = $"ti train --resume {ShellCommand.Quote(resumePath)}";
        var alone = concepts > 1 ? ", which trains it alone" : "";
        return hasCheckpointing
            ? $"{where}What was learned is kept: close other programs and resume with {resume}{alone}, or start a new "
                + $"run with {change}.{advice}"
            : $"{where}What was learned is kept: resume with {resume} --gradient-checkpointing on, which gives the "
                + $"same result in less memory, or start a new run with {change}.{advice}";
    }
}
