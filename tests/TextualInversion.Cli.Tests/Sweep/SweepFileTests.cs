using TextualInversion.Cli.Infrastructure;
using TextualInversion.Cli.Sweep.Plan;
using TextualInversion.Cli.Sweep.Work;

namespace TextualInversion.Cli.Tests.Sweep;

/// <summary>What a sweep is made of, read from YAML and from folders.</summary>
public sealed class SweepFileTests : IDisposable
{
    private const string Cat = "concepts: [{token: my-cat, images: cat, initializer: cat}]\n";

    private readonly SweepTestFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Cells_MatrixAndSeeds_AreAllCombinations()
    {
        folder.Images("cat");

        var cells = Cells(Cat + "matrix: {steps: [10, 20], vectors: [1, 2]}\nseeds: [3, 9]\ntrain: {flip: false}\n");

        string[] expected =
        [
            "my-cat_steps-10_vectors-1_seed-3",
            "my-cat_steps-10_vectors-1_seed-9",
            "my-cat_steps-10_vectors-2_seed-3",
            "my-cat_steps-10_vectors-2_seed-9",
            "my-cat_steps-20_vectors-1_seed-3",
            "my-cat_steps-20_vectors-1_seed-9",
            "my-cat_steps-20_vectors-2_seed-3",
            "my-cat_steps-20_vectors-2_seed-9",
        ];
        Assert.Equal(expected, cells.Select(cell => cell.Name));
        string[] arguments =
        [
            "--token",
            "my-cat",
            "--flip",
            "false",
            "--images",
            folder.File("cat"),
            "--initializer",
            "cat",
            "--steps",
            "20",
            "--vectors",
            "1",
            "--seed",
            "9",
        ];
        Assert.Equal(arguments, cells[5].Arguments);
    }

    [Fact]
    public void Cells_ValuesThatNoFileCanBeCalled_AreNumbered()
    {
        folder.Images("cat");

        var cells = Cells(
            "concepts: [{token: my-cat, images: cat}]\nmatrix: {initializer: [a cat/dog, cat]}\nseeds: 1\n"
        );

        Assert.Equal(["my-cat_initializer-1", "my-cat_initializer-2"], cells.Select(cell => cell.Name));
    }

    [Fact]
    public void Cells_FolderOfFolders_AreItsConcepts()
    {
        folder.Images("all/my-cat");
        folder.Images("all/my-dog", "my-dog");
        folder.Write("all/my-dog/concept.yaml", "token: our-dog\ninitializer: dog\n");
        folder.Write("all/notes/read.txt", "not a concept");
        folder.Write("all/sweep.yaml", "train: {steps: 7}\n");

        var cells = SweepPlan.Cells(Read(folder.File("all")));

        Assert.Equal(["<my-cat>", "<our-dog>"], cells.Select(cell => cell.Placeholder));
        Assert.Equal([folder.File("all/my-dog")], Values(cells[1], "--images"));
        Assert.Equal(["dog"], Values(cells[1], "--initializer"));
        Assert.All(cells, cell => Assert.Equal(["7"], Values(cell, "--steps")));
    }

    [Fact]
    public void Cells_ConceptAndMatrixSetAnOption_TheConceptWinsOverTrainAndTheMatrixIsRefused()
    {
        folder.Images("cat");
        const string Concept = "concepts: [{token: my-cat, images: cat, steps: 5}]\n";

        Assert.Equal(["5"], Values(Cells(Concept + "train: {steps: 9}\n").Single(), "--steps"));
        AssertRefused(Concept + "matrix: {steps: [1, 2]}\n", "steps is in matrix and is set for my-cat");
    }

    [Theory]
    [InlineData("modle: demo\n" + Cat, "line 1: modle: unknown key. Did you mean model?")]
    [InlineData("steps: 3\n" + Cat, "line 1: steps: unknown key. It belongs under train.")]
    [InlineData(Cat + "train: {learningrate: 1}", "line 2: learningrate: unknown key. Did you mean learning-rate?")]
    [InlineData(Cat + "train: {lr: 1}", "line 2: lr: unknown key. Did you mean learning-rate?")]
    [InlineData(Cat + "train: {seed: 1}", "line 2: seed: seeds is a key of the whole file")]
    [InlineData(Cat + "train: {steps: [1, 2]}", "line 2: steps: give one value; several go into matrix")]
    [InlineData(Cat + "train: 3", "line 2: train: write options with values below it")]
    [InlineData(Cat + "matrix: {steps: 3}", "line 2: steps: give a list of values")]
    [InlineData(Cat + "matrix: {steps: [3, 3]}", "line 2: steps: has 3 twice")]
    [InlineData(Cat + "seeds: [1, 1]", "line 2: seeds: give a number of seeds, or a list of different ones")]
    [InlineData(Cat + "seeds: -1", "line 2: seeds: give a number of seeds")]
    [InlineData(Cat + "output: []", "line 2: output: name a folder")]
    [InlineData(Cat + "eval: {cuont: 4}", "line 2: cuont: unknown key. Did you mean count?")]
    [InlineData(Cat + "eval: 4", "line 2: eval: write options with values below it")]
    [InlineData(Cat + "eval: {images: cat}", "line 2: images: belongs to a concept, not here")]
    [InlineData("model: demo\n", "line 1: concepts: give a list of concepts")]
    [InlineData("concepts: [{images: cat}]", "line 1: token: is missing")]
    [InlineData("concepts: [{token: my-cat}]", "line 1: images: is missing")]
    [InlineData("concepts: [cat]", "line 1: a concept has keys")]
    [InlineData("concepts: [{token: my-cat, images: cat, initialiser: x}]", "Did you mean initializer?")]
    [InlineData("concepts: [{token: a b, images: cat}]", "holds a space")]
    [InlineData(
        "concepts: [{token: my-cat, images: cat}, {token: <MY-CAT>, images: cat}]",
        "<my-cat>: is the token of several concepts"
    )]
    [InlineData("model: demo\nmodel: demo\n" + Cat, "line 2: model occurs twice")]
    [InlineData("model: demo\ntrain: {model: demo}\n" + Cat, "line 2: model: is given twice")]
    [InlineData("concepts: [{token: my-cat", "is not valid YAML")]
    [InlineData("- a\n", "line 1: write keys with values")]
    [InlineData("a: 1\n---\nb: 1\n", "a second document begins here")]
    [InlineData("a: &a [x, x]\nb: [*a, *a]\n", "line 2: *a is an alias")]
    [InlineData("model: !!binary abc\n", "is a tag")]
    [InlineData("a: [[[[[[[[[[[[x]]]]]]]]]]]]", "is nested in more than")]
    public void Read_SomethingWrong_IsNamedWithItsLine(string yaml, string expected)
    {
        folder.Images("cat");
        AssertRefused(yaml, expected);
    }

    [Fact]
    public void Read_ManyProblems_NamesAll()
    {
        folder.Images("cat");
        AssertRefused(Cat + "train: {a: 1, b: 2}\nseeds: x\n", "3 problems:");
    }

    [Fact]
    public void Cells_TooMany_AreRefusedWithoutMakingThem()
    {
        folder.Images("cat");
        var numbers = string.Join(", ", Enumerable.Range(1, 400));
        AssertRefused(
            $"{Cat}matrix: {{steps: [{numbers}], warmup: [{numbers}], patience: [{numbers}]}}\nseeds: 1000\n",
            "and 100000 are possible"
        );
    }

    [Theory]
    [InlineData(Cat + "train: {steps: abc}", "my-cat: --steps abc")]
    [InlineData(Cat + "train: {steps: -3}", "my-cat: --steps")]
    [InlineData(Cat + "eval: {count: many}", "my-cat: eval: --count many")]
    [InlineData(Cat + "eval: {count: 1}", "my-cat: eval: --count 1: choose a number from 2 to 1000")]
    [InlineData(Cat + "train: {crop: round}", "my-cat: --crop round")]
    [InlineData("concepts: [{token: my-cat, images: empty}]", "empty: is an empty folder")]
    [InlineData("concepts: [{token: my-cat, images: nowhere}]", "there is no such file or folder")]
    public async Task Sweep_ValuesThatCannotBeUsed_AreRefusedBeforeAnythingStarts(string yaml, string expected)
    {
        folder.Images("cat");
        Directory.CreateDirectory(folder.File("empty"));
        folder.Write("sweep.yaml", yaml);

        var (exitCode, _, error) = await folder.RunAsync("sweep.yaml");

        Assert.Equal(ExitCode.Problem, exitCode);
        Assert.Contains(expected, error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(folder.Output));
    }

    private IReadOnlyList<SweepCell> Cells(string yaml) => SweepPlan.Cells(Read(folder.Write("sweep.yaml", yaml)));

    private static SweepSpec Read(string file)
    {
        var root = CommandLine.CreateRoot(_ => null);
        return SweepFile.Read(file, CellCommands.Find(root), CellCommands.FindEval(root));
    }

    private static IEnumerable<string> Values(SweepCell cell, string option) =>
        cell
            .Arguments.SkipWhile(argument => argument != option)
            .Skip(1)
            .TakeWhile(argument => !argument.StartsWith("--", StringComparison.Ordinal));

    private void AssertRefused(string yaml, string expected)
    {
        var problem = Assert.Throws<TextualInversionException>(() => Cells(yaml));
        Assert.Contains(expected, problem.Message, StringComparison.Ordinal);
    }
}
