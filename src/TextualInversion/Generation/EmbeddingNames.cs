using System.Text.RegularExpressions;

namespace TextualInversion.Generation;

/// <summary>
/// The other programs' ways to name an embedding in a prompt, by its file's name: ComfyUI's <c>embedding:EasyNegative</c> and the WebUI's bare
/// <c>EasyNegative</c>. A bare name of lower-case letters alone is an ordinary word, and stays one.
/// </summary>
internal static class EmbeddingNames
{
    /// <summary>The prompt with the trigger in the place of each other name.</summary>
    /// <param name="prompt">as it was written</param>
    /// <param name="file">the embedding's path</param>
    /// <param name="trigger">what stands for it in prompts</param>
    public static string Resolve(string prompt, string file, string trigger)
    {
        var stem = Path.GetFileNameWithoutExtension(file);
        var name = Regex.Escape(stem);
        // Not within a word or another name, and not the trigger itself.
        var bare = stem.All(char.IsAsciiLetterLower) ? "" : $@"|(?<![\w<:/.-]){name}(?![\w>-])";
        return Regex.Replace(
            prompt,
            $@"{Regex.Escape(trigger)}|embedding:{name}(?:\.(?:safetensors|pt|bin))?(?![\w-]){bare}",
            match => match.Value.Equals(trigger, StringComparison.OrdinalIgnoreCase) ? match.Value : trigger,
            RegexOptions.IgnoreCase | RegexOptions.CultureInvariant
        );
    }
}
