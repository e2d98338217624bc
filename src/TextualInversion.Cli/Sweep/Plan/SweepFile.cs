using System.Globalization;
using TextualInversion.Cli.Eval;
using TextualInversion.Cli.Infrastructure;
using TextualInversion.Cli.Train;
using TextualInversion.Data;
using TextualInversion.IO;

namespace TextualInversion.Cli.Sweep.Plan;

/// <summary>Reads a sweep from a YAML file or from a folder of folders of images.</summary>
internal sealed class SweepFile
{
    private const string ConceptFile = "concept.yaml",
        FolderFile = "sweep.yaml";
    private const ulong StandardSeed = 1;
    private const int MostSeeds = 10_000;

    private static readonly string[] Keys = ["model", "concepts", "matrix", "seeds", "train", "eval", "output"];
    private static readonly string[] EvalKeys =
    [
        "count",
        "seed",
        "steps",
        "guidance",
        "sampler",
        "prompts",
        "clip-model",
        "dino-model",
    ];

    private readonly string source;
    private readonly SweepProblems problems;
    private readonly TrainSettings settings,
        evalSettings;

    private SweepFile(string source, TrainCommand train, EvalCommand eval)
    {
        this.source = source;
        problems = new SweepProblems(source);
        settings = new TrainSettings(train, problems);
        evalSettings = new TrainSettings(eval, problems, EvalKeys);
    }

    /// <param name="source">
    /// A YAML file, or a folder: each folder in it that has images is a concept, and a sweep.yaml in it holds the rest.
    /// </param>
    /// <param name="train">The command whose options a sweep sets.</param>
    /// <param name="eval">The command that evaluates cells.</param>
    /// <exception cref="TextualInversionException">It cannot be read, or something in it is wrong.</exception>
    public static SweepSpec Read(string source, TrainCommand train, EvalCommand eval)
    {
        var reader = new SweepFile(source, train, eval);
        var spec = Directory.Exists(source) ? reader.ReadFolder() : reader.ReadFile(source);
        reader.problems.ThrowIfAny();
        return spec;
    }

    private SweepSpec ReadFolder()
    {
        var file = Path.Combine(source, FolderFile);
        return Read(file, File.Exists(file) ? YamlReader.Read(file) : new YamlMap([], 1));
    }

    private SweepSpec ReadFile(string path)
    {
        if (!File.Exists(path))
            throw new TextualInversionException(
                $"{path}: there is no such file or folder; name a YAML file, or a folder that holds a folder of images "
                    + "for each concept."
            );
        return Read(path, YamlReader.Read(path));
    }

    private SweepSpec Read(string path, YamlMap map)
    {
        foreach (var entry in map.Entries.Where(entry => !Keys.Contains(entry.Key)))
        {
            var isOption = settings.Keys.Contains(entry.Key);
            var hint = isOption
                ? " It belongs under train."
                : Suggestions.DidYouMean(entry.Key, Keys.Concat(settings.Keys));
            problems.Add(path, entry.Line, $"{entry.Key}: unknown key.{hint}");
        }

        var common = map.Entries.Where(entry => entry.Key == "model").Concat(MapOf(path, map, "train")).ToList();
        foreach (var twice in common.GroupBy(entry => entry.Key).Where(same => same.Count() > 1))
            problems.Add(path, twice.Last().Line, $"{twice.Key}: is given twice; leave one out");
        return new SweepSpec
        {
            Source = source,
            Output = map.Find("output") is { } output ? Output(path, output) : null,
            Train = [.. common.Select(entry => settings.Read(path, entry)).OfType<Setting>()],
            Concepts = Concepts(path, map.Find("concepts")),
            Matrix =
            [
                .. MapOf(path, map, "matrix").Select(entry => settings.ReadAxis(path, entry)).OfType<MatrixAxis>(),
            ],
            Seeds = Seeds(path, map.Find("seeds")),
            Eval = map.Find("eval") is null
                ? null
                : [.. MapOf(path, map, "eval").Select(entry => evalSettings.Read(path, entry)).OfType<Setting>()],
        };
    }

    private IReadOnlyList<YamlEntry> MapOf(string path, YamlMap map, string key)
    {
        switch (map.Find(key))
        {
            case null or YamlScalar { Text: "" }:
                return [];
            case YamlMap { Entries: var entries }:
                return entries;
            case { Line: var line }:
                problems.Add(path, line, $"{key}: write options with values below it, such as steps: 300");
                return [];
        }
    }

    private string? Output(string path, YamlNode value)
    {
        if (value is YamlScalar { Text: { Length: > 0 } text } && !text.Contains('\0'))
            return Path.Combine(Path.GetDirectoryName(Path.GetFullPath(path))!, text);
        problems.Add(path, value.Line, "output: name a folder");
        return null;
    }

    private IReadOnlyList<ulong> Seeds(string path, YamlNode? value)
    {
        static ulong? Number(YamlNode node) =>
            node is YamlScalar { Text: var text }
            && ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
                ? number
                : null;
        switch (value)
        {
            case null:
                return [StandardSeed];
            case YamlScalar when Number(value) is { } count and > 0 and <= MostSeeds:
                return [.. Enumerable.Range(1, (int)count).Select(seed => (ulong)seed)];
            case YamlList { Items: { Count: > 0 } items }
                when items.All(item => Number(item) is not null)
                    && items.Select(Number).Distinct().Count() == items.Count:
                return [.. items.Select(item => Number(item)!.Value)];
            default:
                problems.Add(path, value.Line, "seeds: give a number of seeds, or a list of different ones: [1, 2]");
                return [StandardSeed];
        }
    }

    private List<SweepConcept> Concepts(string path, YamlNode? value)
    {
        var folder = Path.GetDirectoryName(Path.GetFullPath(path))!;
        switch (value)
        {
            case null when Directory.Exists(source):
                return FolderConcepts(folder);
            case YamlScalar { Text: { Length: > 0 } text } when Directory.Exists(Path.Combine(folder, text)):
                return FolderConcepts(Path.Combine(folder, text));
            case YamlList { Items.Count: > 0 } list:
                return
                [
                    .. list.Items.Select(item => Concept(path, item, token: null, images: null)).OfType<SweepConcept>(),
                ];
            default:
                problems.Add(
                    path,
                    value?.Line ?? 1,
                    "concepts: give a list of concepts with token and images, or a folder that holds a folder of "
                        + "images for each"
                );
                return [];
        }
    }

    /// <summary>A concept for each folder that holds images.</summary>
    private List<SweepConcept> FolderConcepts(string folder)
    {
        var concepts = new List<SweepConcept>();
        foreach (var images in FolderListing.Folders(folder).Where(IsConcept))
        {
            var file = Path.Combine(images, ConceptFile);
            YamlNode map = File.Exists(file) ? YamlReader.Read(file) : new YamlMap([], 1);
            if (Concept(file, map, Path.GetFileName(images), images) is { } concept)
                concepts.Add(concept);
        }

        if (concepts.Count == 0)
            problems.Add($"{folder}: has no folder with images; make one for each concept, called like its token");
        return concepts;
    }

    private static bool IsConcept(string folder) =>
        Path.GetFileName(folder)[0] != '.'
        && (
            File.Exists(Path.Combine(folder, ConceptFile))
            || FolderListing.Files(folder).Any(file => ImageFiles.WhyUnreadable(file) is null)
        );

    /// <param name="path">The file with the concept.</param>
    /// <param name="node">What is written.</param>
    /// <param name="token">The token if none is written.</param>
    /// <param name="images">The folder of images if none is written.</param>
    private SweepConcept? Concept(string path, YamlNode node, string? token, string? images)
    {
        if (node is not YamlMap map)
        {
            problems.Add(path, node.Line, "a concept has keys, such as token and images");
            return null;
        }

        token = map.Find("token") is YamlScalar { Text: { Length: > 0 } written } ? written : token;
        if (token is null)
            problems.Add(path, map.Line, "token: is missing; name the new word, such as my-cat");
        List<Setting?> all =
        [
            map.Find("images") is { } value ? settings.ReadImages(path, value)
            : images is null ? null
            : new Setting("images", [Path.GetFileName(images)], [images]),
        ];
        if (all[0] is null && map.Find("images") is null)
            problems.Add(path, map.Line, $"images: is missing; name the folder with the images of {token}");
        var others = map.Entries.Where(entry => entry.Key is not ("token" or "images"));
        all.AddRange(others.Select(entry => settings.Read(path, entry, "token", "images")));
        return token is null ? null : new SweepConcept(token, [.. all.OfType<Setting>()], $"{path}, line {map.Line}");
    }
}
