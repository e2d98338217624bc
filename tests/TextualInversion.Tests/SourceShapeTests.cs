using TextualInversion.Tests.Fixtures;

namespace TextualInversion.Tests;

/// <summary>
/// The shape of the source files that no analyzer checks: the width of lines and the length of functions.
/// </summary>
public sealed class SourceShapeTests
{
    private const int MostColumns = 120; // the formatter's width, but it cannot break texts and comments
    private const int MostColumnsOfAText = 140; // of a line that is a single word, such as an address
    private const int MostStatements = 25;

    /// <summary>Functions that are easier to read in one piece, each with the reason.</summary>
    private static readonly Dictionary<string, string> LongFunctions = [];

    [Fact]
    public void Source_Lines_FitOnAScreen()
    {
        var wide =
            from file in new[] { "src", "tests", "benchmarks" }.SelectMany(SourceFiles.Below)
            from line in File.ReadLines(file).Index()
            where line.Item.Length > (IsOneWord(line.Item) ? MostColumnsOfAText : MostColumns)
            select $"{SourceFiles.NameOf(file)}:{line.Index + 1}: {line.Item.Length} columns";
        AssertNone(wide);
    }

    [Fact]
    public void Source_Functions_HaveFewStatements()
    {
        var tooLong =
            from file in SourceFiles.Below("src")
            from function in SourceFunction.In(File.ReadAllText(file))
            where function.Statements > MostStatements && !LongFunctions.ContainsKey(function.Name)
            select $"{SourceFiles.NameOf(file)}: {function.Name} has {function.Statements} statements";
        AssertNone(tooLong);
    }

    [Fact]
    public void Source_LongFunctions_AreStillLong()
    {
        var functions = SourceFiles.Below("src").SelectMany(file => SourceFunction.In(File.ReadAllText(file)));
        var tooLong = functions.Where(each => each.Statements > MostStatements).Select(each => each.Name);
        AssertNone(LongFunctions.Keys.Except(tooLong).Select(name => $"{name} is short: remove it from the list"));
    }

    [Fact]
    public void Statements_OfEachKindOfFunction_AreCounted()
    {
        const string Code = """
            class Sample
            {
                Sample(int x) : this() { X = x; }

                int X { get; set { field = value; Changed(); } }

                int Short() => 1;

                int Nested(int[] values)
                {
                    var sum = 0;
                    foreach (var value in values)
                    {
                        if (value > 0)
                            sum += Twice(value);
                        else
                            sum--;
                    }

                    return sum;

                    int Twice(int y)
                    {
                        return 2 * y;
                    }
                }

                void Late() => Run(() =>
                {
                    First();
                    Second();
                });
            }
            """;

        Assert.Equal(
            [
                ("Sample.Sample", 1),
                ("Sample.X.set", 2),
                ("Sample.Short", 1),
                ("Sample.Nested", 6),
                ("Sample.Twice", 1),
                ("Sample.Late", 3),
            ],
            SourceFunction.In(Code).Select(function => (function.Name, function.Statements))
        );
    }

    private static void AssertNone(IEnumerable<string> problems)
    {
        var all = string.Join('\n', problems);
        Assert.True(all.Length == 0, all);
    }

    private static bool IsOneWord(string line) => !line.Trim().TrimStart('/', ' ').Contains(' ');
}
