using System.Globalization;

namespace TextualInversion.Checkpoints;

/// <summary>
/// A config record that can tell whether its values make sense, before anything is allocated by them.
/// </summary>
internal interface IModelConfig
{
    /// <exception cref="TextualInversionException">A value is out of range or not supported.</exception>
    void Validate(ConfigCheck check);
}

/// <summary>
/// Refuses values of a config file. Each error names the file, the key, the value and what is allowed.
/// </summary>
/// <param name="file">The file, for messages.</param>
/// <param name="section">
/// The object inside the file that the keys are in, with a dot at its end; empty for the file itself.
/// </param>
internal sealed class ConfigCheck(string file, string section = "")
{
    private const int LongestValue = 80; // characters of a value that a message shows

    /// <summary>The same file, for the keys inside <paramref name="key"/>.</summary>
    public ConfigCheck Section(string key) => new(file, $"{section}{key}.");

    /// <exception cref="TextualInversionException">
    /// The value is outside the range, which includes both ends.
    /// </exception>
    public void Range(string key, long value, long least, long most) =>
        Require(value >= least && value <= most, key, value, $"a whole number from {least} to {most}");

    /// <summary>The same for every entry of a list.</summary>
    /// <exception cref="TextualInversionException">An entry is outside the range.</exception>
    public void Range(string key, IReadOnlyList<int> values, long least, long most)
    {
        foreach (var (index, value) in values.Index())
            Range(values.Count == 1 ? key : $"{key}[{index}]", value, least, most);
    }

    /// <exception cref="TextualInversionException">
    /// The value is not positive, or larger than <paramref name="most"/>.
    /// </exception>
    public void Positive(string key, double value, double most) =>
        Require(
            value > 0 && value <= most,
            key,
            value,
            string.Create(CultureInfo.InvariantCulture, $"greater than 0 and at most {most}")
        );

    /// <param name="isMet">Whether the value is allowed.</param>
    /// <param name="key">The key in the file.</param>
    /// <param name="value">The value found.</param>
    /// <param name="allowed">What completes "it must be …".</param>
    /// <exception cref="TextualInversionException">The value is not allowed.</exception>
    public void Require(bool isMet, string key, object? value, string allowed)
    {
        if (!isMet)
            throw Refuse(key, value, allowed);
    }

    public TextualInversionException Refuse(string key, object? value, string allowed) =>
        new($"{file}: {section}{key} is {Text(value)}; it must be {allowed}.");

    private static string Text(object? value)
    {
        var text = value switch
        {
            null => "null",
            bool flag => flag ? "true" : "false",
            IEnumerable<int> numbers => $"[{string.Join(", ", numbers)}]",
            IEnumerable<string> names => $"[{string.Join(", ", names)}]",
            _ => Convert.ToString(value, CultureInfo.InvariantCulture) ?? "",
        };
        return text.Length <= LongestValue ? text : $"{text[..LongestValue]}…";
    }
}
