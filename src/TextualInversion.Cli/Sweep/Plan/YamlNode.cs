namespace TextualInversion.Cli.Sweep.Plan;

/// <summary>A value of a YAML file.</summary>
/// <param name="Line">The line on which it begins, counted from 1.</param>
internal abstract record YamlNode(long Line);

/// <param name="Text">The text without quotes; empty for <c>key:</c> without a value.</param>
/// <param name="Line">The line on which it begins.</param>
internal sealed record YamlScalar(string Text, long Line) : YamlNode(Line);

/// <param name="Items">The values in their order.</param>
/// <param name="Line">The line on which it begins.</param>
internal sealed record YamlList(IReadOnlyList<YamlNode> Items, long Line) : YamlNode(Line);

/// <param name="Entries">The keys and values in their order. No key occurs twice.</param>
/// <param name="Line">The line on which it begins.</param>
internal sealed record YamlMap(IReadOnlyList<YamlEntry> Entries, long Line) : YamlNode(Line)
{
    public YamlNode? Find(string key) => Entries.FirstOrDefault(entry => entry.Key == key)?.Value;
}

/// <param name="Key">The key.</param>
/// <param name="Value">Its value.</param>
/// <param name="Line">The line of the key.</param>
internal sealed record YamlEntry(string Key, YamlNode Value, long Line);
