using System.Text.RegularExpressions;
using TextualInversion.Embeddings;

namespace TextualInversion.Cli.EmbeddingFiles;

/// <summary>
/// A program that embeddings are written for, with the layout and the names that it reads. The values are always
/// float32, which every program reads.
/// </summary>
/// <param name="Name">Its name as a value of <c>--for</c>.</param>
/// <param name="Title">Its name in <see cref="ToolCompatibility"/>.</param>
/// <param name="Single">The layout of an embedding for one text encoder.</param>
internal sealed partial record TargetProgram(string Name, string Title, EmbeddingFormat Single)
{
    /// <summary>What the program cannot read in the name of a file.</summary>
    private Regex Unreadable { get; init; } = Whitespace();

    /// <summary>Whether the program lower-cases names, so that only lower-case ones are safe.</summary>
    private bool LowerCases { get; init; }

    /// <summary>All of them.</summary>
    public static IReadOnlyList<TargetProgram> All { get; } =
    [
        new("comfyui", ToolCompatibility.ComfyUiTitle, EmbeddingFormat.WebUiSafetensors)
        {
            Unreadable = NotOfComfyUi(),
        },
        new("a1111", ToolCompatibility.WebUiTitle, EmbeddingFormat.WebUiSafetensors),
        new("forge", ToolCompatibility.ForgeTitle, EmbeddingFormat.WebUiSafetensors),
        new("sdnext", ToolCompatibility.SdNextTitle, EmbeddingFormat.WebUiSafetensors),
        new("invokeai", ToolCompatibility.InvokeAiTitle, EmbeddingFormat.WebUiSafetensors)
        {
            Unreadable = NotOfInvokeAi(),
        },
        new("swarmui", ToolCompatibility.SwarmUiTitle, EmbeddingFormat.WebUiSafetensors)
        {
            Unreadable = NotOfComfyUi(),
        },
        new("diffusers", ToolCompatibility.DiffusersTitle, EmbeddingFormat.Diffusers) { LowerCases = true },
        new("sdcpp", ToolCompatibility.CppTitle, EmbeddingFormat.Diffusers) { LowerCases = true },
    ];

    /// <summary>The values of <c>--for</c>.</summary>
    public static string[] Names { get; } = [.. All.Select(program => program.Name)];

    public static TargetProgram Find(string name) => All.Single(program => program.Name == name);

    /// <summary>The layout of an embedding.</summary>
    /// <param name="encoders">The number of its text encoders.</param>
    public EmbeddingFormat Layout(int encoders) => encoders == 1 ? Single : EmbeddingFormat.Sdxl;

    /// <summary>The embedding with a trigger that the program reads as it is.</summary>
    public LearnedEmbedding Adapt(LearnedEmbedding embedding) =>
        LowerCases ? embedding with { Trigger = embedding.Trigger.ToLowerInvariant() } : embedding;

    /// <summary>A file's name, without extension, that prompts of the program can call.</summary>
    public string FileStem(string stem)
    {
        var replaced = Unreadable.Replace(stem.Trim(), "-");
        // Without the marks at its ends, such as those of a token's angle brackets.
        var readable =
            replaced == stem ? stem
            : replaced.Trim('-', ' ') is { Length: > 0 } name ? name
            : "embedding";
        return LowerCases ? readable.ToLowerInvariant() : readable;
    }

    /// <summary>
    /// The file of an embedding for the program: in a folder of the program's name, so that the file's own name stays,
    /// by which most programs call it.
    /// </summary>
    /// <param name="folder">The folder above.</param>
    /// <param name="stem">The name without extension.</param>
    /// <param name="encoders">The number of text encoders.</param>
    public string PathIn(string folder, string stem, int encoders) =>
        Path.Combine(folder, Name, FileStem(stem) + EmbeddingFormats.Extension(Layout(encoders)));

    [GeneratedRegex(@"\s+")]
    private static partial Regex Whitespace();

    // A name ends at these, or they weigh what is between them.
    [GeneratedRegex(@"[\s<>\[\]()]+")]
    private static partial Regex NotOfComfyUi();

    // The letters of <name> in its prompts, version 6.
    [GeneratedRegex("[^a-zA-Z0-9., _-]+")]
    private static partial Regex NotOfInvokeAi();
}
