using System.Globalization;
using System.Text.RegularExpressions;
using TextualInversion.Generation;
using TextualInversion.IO;

namespace TextualInversion.Cli.Sweep.Plan;

/// <summary>The cells of a sweep: every concept with every value of the matrix and every seed.</summary>
internal static partial class SweepPlan
{
    private const int MostCells = 100_000;

    /// <param name="spec">What the sweep asks for.</param>
    /// <exception cref="TextualInversionException">
    /// Two concepts have one token, a concept sets an option of the matrix, or there are too many cells.
    /// </exception>
    public static IReadOnlyList<SweepCell> Cells(SweepSpec spec)
    {
        var problems = new SweepProblems(spec.Source);
        var placeholders = spec.Concepts.Select(concept => Placeholder(concept, problems)).ToList();
        RefuseTwice(spec, placeholders, problems);
        foreach (var (concept, axis) in spec.Concepts.SelectMany(each => spec.Matrix.Select(axis => (each, axis))))
        {
            if (concept.Settings.Concat(spec.Train).Any(setting => setting.Option == axis.Option))
                problems.Add(
                    $"{concept.Where}: {axis.Option} is in matrix and is set for {concept.Token}; leave one out"
                );
        }

        var count = spec.Matrix.Aggregate((long)spec.Concepts.Count * spec.Seeds.Count, Multiply);
        if (count > MostCells)
            problems.Add($"{spec.Source}: has {count} cells, and {MostCells} are possible; write several files");
        problems.ThrowIfAny();
        var combinations = Combinations(spec.Matrix);
        List<SweepCell> cells =
        [
            .. from concept in spec.Concepts.Zip(placeholders)
            from combination in combinations
            from seed in spec.Seeds
            select Cell(spec, concept.First, concept.Second!, combination, seed),
        ];
        if (cells.GroupBy(cell => cell.Name.ToUpperInvariant()).FirstOrDefault(same => same.Count() > 1) is { } clash)
            throw new TextualInversionException(
                $"{spec.Source}: two cells are called {clash.First().Name}; choose another token for one."
            );
        var models = cells.Select(ModelOf).Distinct().ToList();
        return [.. cells.OrderBy(cell => models.IndexOf(ModelOf(cell)))]; // each model is loaded once

        static string ModelOf(SweepCell cell) => cell.Settings.GetValueOrDefault("model")?[0] ?? "";

        static long Multiply(long product, MatrixAxis axis) => Math.Min(product, int.MaxValue) * axis.Values.Count;
    }

    private static string? Placeholder(SweepConcept concept, SweepProblems problems)
    {
        try
        {
            var name = Models.Tokenizers.Placeholder.New(concept.Token, vectors: 1).Name;
            PortableFileName.Require(EmbeddingNames.FileStem(name), "token");
            return name;
        }
        catch (TextualInversionException problem)
        {
            problems.Add($"{concept.Where}: {problem.Message}");
            return null;
        }
    }

    private static void RefuseTwice(SweepSpec spec, IReadOnlyList<string?> placeholders, SweepProblems problems)
    {
        var same = spec
            .Concepts.Zip(placeholders)
            .Where(pair => pair.Second is not null)
            .GroupBy(pair => pair.Second!, StringComparer.OrdinalIgnoreCase)
            .Where(group => group.Count() > 1);
        foreach (var group in same)
        {
            var places = string.Join(" and ", group.Select(pair => pair.First.Where));
            problems.Add($"{group.Key}: is the token of several concepts ({places}); each needs its own");
        }
    }

    private static List<IReadOnlyList<Setting>> Combinations(IReadOnlyList<MatrixAxis> matrix)
    {
        List<IReadOnlyList<Setting>> all =
        [
            [],
        ];
        foreach (var axis in matrix)
            all = [.. all.SelectMany(begun => axis.Values.Select(value => (IReadOnlyList<Setting>)[.. begun, value]))];
        return all;
    }

    private static SweepCell Cell(
        SweepSpec spec,
        SweepConcept concept,
        string placeholder,
        IReadOnlyList<Setting> combination,
        ulong seed
    )
    {
        var own = concept.Settings.Concat(combination).ToList();
        List<Setting> settings =
        [
            .. spec.Train.Where(common => own.TrueForAll(setting => setting.Option != common.Option)),
            .. own,
        ];
        List<string> name =
        [
            EmbeddingNames.FileStem(placeholder),
            .. combination.Zip(spec.Matrix, (value, axis) => $"{axis.Option}-{Label(value, axis)}"),
        ];
        if (spec.Seeds.Count > 1)
            name.Add(string.Create(CultureInfo.InvariantCulture, $"seed-{seed}"));
        return new SweepCell
        {
            Name = string.Join('_', name),
            Placeholder = placeholder,
            Seed = seed,
            Matrix = combination.ToDictionary(setting => setting.Option, setting => setting.Written[0]),
            Evaluation = spec.Eval is null ? null : [.. spec.Eval.SelectMany(setting => setting.Arguments)],
            Settings = settings.ToDictionary(setting => setting.Option, setting => setting.Written),
            Arguments =
            [
                .. new Setting("token", [], [concept.Token]).Arguments,
                .. settings.SelectMany(setting => setting.Arguments),
                "--seed",
                seed.ToString(CultureInfo.InvariantCulture),
            ],
        };
    }

    /// <summary>A value as part of a file's name: as it is, or its number if it cannot be part of one.</summary>
    private static string Label(Setting value, MatrixAxis axis) =>
        axis.Values.All(each => PartOfName().IsMatch(each.Written[0]))
            ? value.Written[0]
            : (axis.Values.ToList().IndexOf(value) + 1).ToString(CultureInfo.InvariantCulture);

    [GeneratedRegex(@"\A[A-Za-z0-9.+-]{1,24}\z")]
    private static partial Regex PartOfName();
}
