using System.Globalization;
using System.Text.RegularExpressions;
using TextualInversion.Generation;
using TextualInversion.IO;
using TextualInversion.Training.RunFiles;

namespace TextualInversion.Cli.Runs;

/// <summary>An image that was generated during training.</summary>
/// <param name="Path">The file.</param>
/// <param name="Step">The number of steps before it.</param>
/// <param name="Prompt">The prompt of the image.</param>
/// <param name="Seed">The seed of its noise.</param>
internal sealed partial record RunSample(string Path, int Step, string Prompt, ulong Seed)
{
    /// <summary>
    /// Those of a run, by prompt, noise and step; files that are damaged or of another origin are left out.
    /// </summary>
    public static IReadOnlyList<RunSample> Find(string folder)
    {
        var samples = RunFolder.SamplesIn(folder);
        if (!Directory.Exists(samples))
            return [];
        var named =
            from path in FolderListing.Files(samples, "step-*.png")
            let match = Name().Match(System.IO.Path.GetFileName(path))
            where match.Success
            let step = int.Parse(match.Groups[1].Value, NumberStyles.None, CultureInfo.InvariantCulture)
            orderby int.Parse(match.Groups[2].Value, NumberStyles.None, CultureInfo.InvariantCulture), step
            select Read(path, step);
        return [.. named.OfType<RunSample>()];
    }

    private static RunSample? Read(string path, int step)
    {
        try
        {
            var parameters = ImageFile.ReadParameters(path) is { } text ? WebUiParameters.Parse(text) : null;
            return parameters is null
                ? null
                : new RunSample(path, step, parameters.Prompt, parameters.Number<ulong>("Seed") ?? 0);
        }
        catch (Exception error) when (error is TextualInversionException or FormatException)
        {
            return null;
        }
    }

    [GeneratedRegex(@"\Astep-(\d{6,9})-(\d{1,9})\.png\z")]
    private static partial Regex Name();
}
