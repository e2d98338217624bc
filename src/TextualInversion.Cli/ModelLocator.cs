using TextualInversion.Checkpoints;

namespace TextualInversion.Cli;

/// <summary>From what <c>--model</c> says to a folder. Single files and hub ids will be found here too.</summary>
internal static class ModelLocator
{
    public const string Demo = "demo";
    public const string Variable = "TI_MODEL";

    /// <param name="model">what the user said, null where nothing</param>
    /// <param name="recorded">the model recorded in the embedding being used, if any</param>
    /// <param name="variant">the weights to prefer where there are several</param>
    /// <returns>the name to record, and the model</returns>
    /// <exception cref="TextualInversionException">There is no such model, or none was named.</exception>
    public static (string Name, IModelFiles Files) Find(string? model, string? recorded = null, string? variant = null)
    {
        var name = model ?? recorded ?? Environment.GetEnvironmentVariable(Variable);
        if (string.IsNullOrEmpty(name))
            throw new TextualInversionException($"No model was named; say --model FOLDER, a diffusers folder of Stable Diffusion 1, 2 or XL, or set {Variable}. --model demo is the small one that ships with ti.");
        return (name, new ModelFolder(name == Demo ? Path.Combine(AppContext.BaseDirectory, "demo-model") : name, variant));
    }
}
