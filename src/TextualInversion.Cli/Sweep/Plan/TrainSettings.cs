using System.CommandLine;
using TextualInversion.Cli.Infrastructure;
using TextualInversion.Cli.ModelAccess;
using TextualInversion.Cli.Train;

namespace TextualInversion.Cli.Sweep.Plan;

/// <summary>Reads options of <c>ti train</c> from YAML: any option, by its name without <c>--</c>.</summary>
/// <param name="train">The command with the options.</param>
/// <param name="problems">Receives what is wrong.</param>
/// <param name="only">
/// The options that are possible, without <c>--</c>, if the command is another one. Default: null, for all of train.
/// </param>
internal sealed class TrainSettings(Command train, SweepProblems problems, IReadOnlyList<string>? only = null)
{
    // What the sweep itself sets, and options of the machine.
    private static readonly string[] Reserved = ["help", "images", "token", "seed", .. ConceptTexts.OfAll];

    // Their values may also be a name. A folder of that name in the folder of the file is not meant.
    private static readonly Dictionary<string, string> Names = new()
    {
        ["model"] = ModelLocator.Demo,
        ["mask"] = "alpha",
    };

    public IReadOnlyList<string> Keys =>
        only ?? [.. train.Options.Select(option => option.Name[2..]).Where(name => !Reserved.Contains(name))];

    /// <summary>A setting, or null if there is a problem.</summary>
    /// <param name="path">The file with the entry; paths in it are relative to its folder.</param>
    /// <param name="entry">The option and its value or, for options that take several, a list of values.</param>
    /// <param name="others">More keys that are allowed at this place, for suggestions.</param>
    public Setting? Read(string path, YamlEntry entry, params IEnumerable<string> others)
    {
        if (Find(path, entry, others) is not { } option)
            return null;
        switch (entry.Value)
        {
            case YamlScalar scalar:
                return Of(path, option, [scalar]);
            case YamlList list when option.AllowMultipleArgumentsPerToken && list.Items.All(item => item is YamlScalar):
                return Of(path, option, [.. list.Items.Cast<YamlScalar>()]);
            default:
                problems.Add(path, entry.Line, $"{entry.Key}: give one value; several go into matrix");
                return null;
        }
    }

    /// <summary>An option with several values, or null if there is a problem.</summary>
    public MatrixAxis? ReadAxis(string path, YamlEntry entry)
    {
        if (Find(path, entry) is not { } option)
            return null;
        if (entry.Value is not YamlList { Items: { Count: > 0 } items } || items.Any(item => item is not YamlScalar))
        {
            problems.Add(path, entry.Line, $"{entry.Key}: give a list of values, such as [1, 2]");
            return null;
        }

        var settings = items.Cast<YamlScalar>().Select(item => Of(path, option, [item])).ToList();
        if (settings.GroupBy(each => each.Written[0]).FirstOrDefault(same => same.Count() > 1) is { } twice)
            problems.Add(path, entry.Line, $"{entry.Key}: has {twice.Key} twice; leave one out");
        return new MatrixAxis(entry.Key, settings);
    }

    /// <summary>The images of a concept.</summary>
    public Setting? ReadImages(string path, YamlNode value)
    {
        List<YamlScalar> paths = value switch
        {
            YamlScalar scalar => [scalar],
            YamlList list => [.. list.Items.OfType<YamlScalar>()],
            _ => [],
        };
        if (paths.Count == 0 || paths.Exists(each => each.Text.Length == 0))
        {
            problems.Add(path, value.Line, "images: name a folder, or a list of files and folders");
            return null;
        }

        return Of(path, train.Options.Single(option => option.Name == "--images"), paths);
    }

    private Option? Find(string path, YamlEntry entry, params IEnumerable<string> others)
    {
        var known = Keys;
        if (known.Contains(entry.Key))
            return train.Options.Single(option => option.Name == $"--{entry.Key}");
        problems.Add(path, entry.Line, Reserved.Contains(entry.Key) ? WhyReserved(entry.Key) : Unknown());
        return null;

        string Unknown()
        {
            var ours = ForeignNames.Find($"--{entry.Key}", known.Select(name => $"--{name}").ToList());
            var nearest = ours?[2..] ?? Suggestions.Nearest(entry.Key, known.Concat(others));
            return $"{entry.Key}: unknown key.{(nearest is null ? "" : $" Did you mean {nearest}?")}";
        }
    }

    private static string WhyReserved(string key) =>
        key switch
        {
            "seed" or "seeds" => $"{key}: seeds is a key of the whole file, such as seeds: [1, 2]",
            "images" or "token" => $"{key}: belongs to a concept, not here",
            "output" => "output: is a key of the whole file",
            "device" => "device: name it on the command line with --device or --devices",
            _ => $"{key}: is not a key of a sweep; each cell has its own",
        };

    private static Setting Of(string path, Option option, IReadOnlyList<YamlScalar> values)
    {
        var written = values.Select(value => value.Text).ToList();
        var name = option.Name[2..];
        if (option.ValueType == typeof(bool))
            return new Setting(name, written, [written[0].ToLowerInvariant()]);
        return new Setting(name, written, written.ConvertAll(value => Resolve(path, option, value)));
    }

    /// <summary>A path relative to the file's folder as an absolute one; any other value as it is.</summary>
    private static string Resolve(string path, Option option, string value)
    {
        var name = option.Name[2..];
        if (value.Length == 0 || value[0] == '~' || value.Contains('\0') || value == Names.GetValueOrDefault(name))
            return value;
        var full = Path.Combine(Path.GetDirectoryName(Path.GetFullPath(path))!, value);
        return option switch
        {
            _ when name is "model" or "mask" or "clip-model" => Path.Exists(full) ? full : value,
            _ when name is "lora" => File.Exists(full.Split('@')[0]) ? full : value, // or a name in a folder of LoRAs
            _ when name is "initializer" => File.Exists(full) ? full : value, // cat may be a folder of images too
            PathOption or PathListOption => full,
            _ => value,
        };
    }
}
