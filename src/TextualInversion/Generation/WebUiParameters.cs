using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.RegularExpressions;
using TextualInversion.Schedulers;

namespace TextualInversion.Generation;

/// <summary>
/// The text in an image that records its settings, as the Stable Diffusion WebUI writes and reads it.
/// </summary>
/// <param name="Prompt">The prompt.</param>
/// <param name="Negative">The negative prompt, or null if there is none, which is not always the same as empty.</param>
/// <param name="Values">
/// The settings as text, under the WebUI's names, or under ours if the WebUI does not have them.
/// </param>
internal sealed partial record WebUiParameters(
    string Prompt,
    string? Negative,
    IReadOnlyDictionary<string, string> Values
)
{
    private const string NegativeMark = "Negative prompt: ";
    private const string FirstSetting = "Steps: ";

    private static readonly JsonSerializerOptions Quotes = new()
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <param name="options">The settings of the image.</param>
    /// <param name="seed">The seed of its noise.</param>
    /// <param name="model">The model's file, folder or hub id. Its last part is written.</param>
    /// <param name="software">The name and version of this program.</param>
    /// <param name="more">Further settings. Their names consist of letters, spaces and hyphens.</param>
    public static string Format(
        GenerationSettings options,
        ulong seed,
        string model,
        string software,
        IEnumerable<KeyValuePair<string, string>>? more = null
    )
    {
        List<(string Name, string Value)> settings =
        [
            ("Steps", Text(options.Steps)),
            ("Sampler", Samplers.DisplayName(options.Sampler)),
            ("CFG scale", Text(options.Guidance)),
            ("Seed", Text(seed)),
            ("Size", $"{Text(options.Width)}x{Text(options.Height)}"),
            ("Model", Path.GetFileName(Path.TrimEndingDirectorySeparator(model))),
        ];
        if (options.Init is not null)
            settings.Add(("Denoising strength", Text(options.Strength)));
        if (options.ClipSkip != 1)
            settings.Add(("Clip skip", Text(options.ClipSkip)));
        if (options.Eta != 0)
            settings.Add(("Eta", Text(options.Eta)));
        if (options.GuidanceRescale != 0)
            settings.Add(("Guidance rescale", Text(options.GuidanceRescale)));
        settings.AddRange((more ?? []).Select(pair => (pair.Key, pair.Value)));
        settings.Add(("Version", software));
        var negative = options.Negative is null ? "" : $"\n{NegativeMark}{options.Negative}";
        var pairs = settings.Select(setting => $"{setting.Name}: {Quote(setting.Value)}");
        return $"{options.Prompt}{negative}\n{string.Join(", ", pairs)}";
    }

    /// <summary>Reads a text that this program or the WebUI wrote.</summary>
    /// <exception cref="FormatException">The text does not record settings.</exception>
    public static WebUiParameters Parse(string text)
    {
        var lines = text.Split('\n');
        var settings = Array.FindLastIndex(lines, line => line.StartsWith(FirstSetting, StringComparison.Ordinal));
        // It is the first line where the prompt is empty, since the WebUI trims it, and then has several settings.
        if (settings < 0 || (settings == 0 && !lines[0].Contains(", ", StringComparison.Ordinal)))
            throw new FormatException("it does not say how the image was made");
        var negative = Array.FindLastIndex(
            lines[..settings],
            line => line.StartsWith(NegativeMark.TrimEnd(), StringComparison.Ordinal)
        );
        var values = new Dictionary<string, string>();
        foreach (Match match in Setting().Matches(string.Join('\n', lines[settings..])))
            values[match.Groups["name"].Value] = Unquote(match.Groups["value"].Value);
        return new WebUiParameters(
            string.Join('\n', lines[..(negative < 0 ? settings : negative)]),
            negative < 0
                ? null
                : string.Join('\n', lines[negative..settings])[NegativeMark.TrimEnd().Length..].TrimStart(' '),
            values
        );
    }

    /// <summary>A setting, or null if it is missing.</summary>
    public string? Find(string name) => Values.GetValueOrDefault(name);

    /// <summary>A setting that is a number, or null if it is missing.</summary>
    /// <exception cref="FormatException">The value is not a number.</exception>
    public T? Number<T>(string name)
        where T : struct, IParsable<T> =>
        Find(name) is not { } text ? null
        : T.TryParse(text, CultureInfo.InvariantCulture, out var number) ? number
        : throw new FormatException($"its {name} is \"{text}\"");

    private static string Text<T>(T value)
        where T : IFormattable => value.ToString(null, CultureInfo.InvariantCulture);

    /// <summary>As JSON if the text would otherwise be split, as the WebUI does.</summary>
    private static string Quote(string value) =>
        value.IndexOfAny([',', ':', '\n', '"']) < 0 ? value : JsonSerializer.Serialize(value, Quotes);

    private static string Unquote(string value)
    {
        try
        {
            return value.StartsWith('"') ? JsonSerializer.Deserialize<string>(value) ?? "" : value.Trim();
        }
        catch (JsonException)
        {
            return value;
        }
    }

    [GeneratedRegex("""\s*(?<name>\w[\w \-/]+):\s*(?<value>"(?:\\.|[^\\"])+"|[^,]*)(?:,|$)""")]
    private static partial Regex Setting();
}
