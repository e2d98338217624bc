using TextualInversion.Models.Tokenizers;

namespace TextualInversion.Generation;

/// <summary>
/// Where the name of an embedding comes from, most important first. If several embeddings have the same name, the most
/// important origin wins.
/// </summary>
internal enum NameOrigin
{
    /// <summary>The user gave it: <c>--embedding FILE=name</c>.</summary>
    Asked,

    /// <summary>The file's name, as in the WebUI and ComfyUI.</summary>
    File,

    /// <summary>
    /// The placeholder token in the file if it cannot be an ordinary word, <c>&lt;my-cat&gt;</c>, if this program wrote
    /// the file, or if that is a bundle.
    /// </summary>
    Trigger,

    /// <summary>The name inside another program's file, which is often an ordinary word or <c>*</c>.</summary>
    Inner,
}

/// <summary>A text by which a prompt may refer to an embedding.</summary>
/// <param name="Text">The text as prompts write it, composed (NFC).</param>
/// <param name="Origin">Where it comes from.</param>
internal sealed record EmbeddingName(string Text, NameOrigin Origin);

/// <summary>
/// All texts by which prompts may refer to an embedding: the WebUI's bare file name, ComfyUI's <c>embedding:name</c>,
/// and names in angle brackets.
/// </summary>
/// <param name="Display">The name for messages.</param>
/// <param name="All">The texts.</param>
internal sealed record EmbeddingNames(string Display, IReadOnlyList<EmbeddingName> All)
{
    private const string Prefix = "embedding:"; // ComfyUI's

    private static readonly string[] Extensions = [".safetensors", ".pt", ".bin"]; // which ComfyUI accepts in prompts

    /// <param name="path">The file. Its folders count too: sub/name.pt is called name and sub/name.</param>
    /// <param name="trigger">The placeholder token in the file.</param>
    /// <param name="isOwn">
    /// Whether this program wrote the file, so that the user chose its placeholder token; or the file is a bundle,
    /// whose embeddings are called by their tokens. Default: false.
    /// </param>
    /// <param name="asked">The placeholder token that the user wants instead of the file's. Null: the file's.</param>
    public static EmbeddingNames Of(string path, string trigger, bool isOwn = false, string? asked = null)
    {
        trigger = UnicodeNormalization.Compose(trigger.Trim());
        var stem = UnicodeNormalization.Compose(Path.GetFileNameWithoutExtension(path));
        var isWord = stem.All(char.IsAsciiLetterLower) && IsInAngles(asked ?? trigger) && asked != stem;
        List<EmbeddingName> names =
        [
            .. asked is null ? [] : OfAsked(UnicodeNormalization.Compose(asked)),
            .. PathNames(path, stem).SelectMany(name => OfFile(name, Path.GetExtension(path), isWord)),
            .. asked is null ? OfTrigger(trigger, isOwn) : [],
        ];
        var display = asked ?? (IsInAngles(trigger) || isOwn ? trigger : $"<{stem}>");
        return new EmbeddingNames(display, [.. names.Where(name => name.Text.Length > 0).Distinct()]);
    }

    /// <summary>The names of an embedding inside a LoRA's file that is loaded as a LoRA: none is the file's.</summary>
    /// <param name="name">Its name inside the file.</param>
    public static EmbeddingNames OfBundled(string name)
    {
        name = UnicodeNormalization.Compose(name.Trim());
        return new EmbeddingNames(name, [.. OfTrigger(name, isOwn: true).Where(each => each.Text.Length > 0)]);
    }

    /// <summary>Whether a text is a name in angle brackets.</summary>
    public static bool IsInAngles(string text) => text.Length > 2 && text[0] == '<' && text[^1] == '>';

    /// <summary>The stem of a token's files: the token without angle brackets.</summary>
    public static string FileStem(string token) =>
        UnicodeNormalization.Compose(IsInAngles(token) ? token[1..^1] : token);

    /// <summary>
    /// Whether a text can only refer to an embedding: it is in angle brackets or has ComfyUI's prefix.
    /// </summary>
    public static bool IsReference(string text) =>
        IsInAngles(text) || text.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase);

    private static IEnumerable<EmbeddingName> OfAsked(string name)
    {
        yield return new EmbeddingName(name, NameOrigin.Asked);
        if (IsInAngles(name))
            yield break;
        yield return new EmbeddingName($"<{name}>", NameOrigin.Asked);
        yield return new EmbeddingName(Prefix + name, NameOrigin.Asked);
    }

    private static IEnumerable<EmbeddingName> OfFile(string name, string extension, bool isWord)
    {
        // A file such as cat.safetensors with the placeholder token <cat> leaves the ordinary word cat alone.
        if (!isWord)
            yield return new EmbeddingName(name, NameOrigin.File);
        yield return new EmbeddingName($"<{name}>", NameOrigin.File);
        yield return new EmbeddingName(Prefix + name, NameOrigin.File);
        yield return new EmbeddingName(Prefix + name + extension, NameOrigin.File);
        foreach (var other in Extensions.Where(other => other != extension)) // the file may have been converted
            yield return new EmbeddingName(Prefix + name + other, NameOrigin.Inner);
        yield return new EmbeddingName($"<embed:{name}>", NameOrigin.File); // SwarmUI's
        yield return new EmbeddingName($"<{Prefix}{name}>", NameOrigin.File); // StabilityMatrix's
    }

    private static IEnumerable<EmbeddingName> OfTrigger(string trigger, bool isOwn)
    {
        if (IsInAngles(trigger) || isOwn)
            yield return new EmbeddingName(trigger, NameOrigin.Trigger);
        if (IsInAngles(trigger) || !trigger.Any(char.IsLetterOrDigit))
            yield break;
        yield return new EmbeddingName($"<{trigger}>", isOwn ? NameOrigin.Trigger : NameOrigin.Inner);
        if (isOwn)
            yield return new EmbeddingName(Prefix + trigger, NameOrigin.Trigger);
    }

    /// <summary>
    /// The file's name without extension, alone and after one or more of its folders: name, sub/name and so on.
    /// </summary>
    private static IEnumerable<string> PathNames(string path, string stem)
    {
        var folders = (Path.GetDirectoryName(path) ?? "")
            .Split(Path.DirectorySeparatorChar, '/')
            .Where(folder => folder is not ("" or "." or ".."))
            .Select(UnicodeNormalization.Compose)
            .ToList();
        for (var taken = 0; taken <= folders.Count; taken++)
            yield return string.Join('/', folders.TakeLast(taken).Append(stem));
    }
}
