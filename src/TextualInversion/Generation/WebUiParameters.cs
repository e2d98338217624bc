using System.Globalization;
using TextualInversion.Schedulers;

namespace TextualInversion.Generation;

/// <summary>The text inside a picture that says how it was made, as the Stable Diffusion WebUI writes and reads it.</summary>
public static class WebUiParameters
{
    /// <param name="options">how the picture was made</param>
    /// <param name="seed">from which noise</param>
    /// <param name="model">on which model</param>
    /// <param name="software">by what</param>
    public static string Format(GenerateOptions options, ulong seed, string model, string software)
    {
        var negative = options.Negative is { Length: > 0 } ? $"\nNegative prompt: {options.Negative}" : "";
        var settings = string.Create(
            CultureInfo.InvariantCulture,
            $"Steps: {options.Steps}, Sampler: {Samplers.DisplayName(options.Sampler)}, CFG scale: {options.Guidance}, Seed: {seed}, Size: {options.Width}x{options.Height}, Model: {model}, Version: {software}");
        return $"{options.Prompt}{negative}\n{settings}";
    }
}
