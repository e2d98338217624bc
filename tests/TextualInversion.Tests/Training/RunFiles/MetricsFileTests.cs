using TextualInversion.Tests.Fixtures;
using TextualInversion.Training.RunFiles;

namespace TextualInversion.Tests.Training.RunFiles;

public sealed class MetricsFileTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    private string Table => folder.File("metrics.csv");

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Add_Steps_ReadBackAsTheyWere()
    {
        NearWord[] words = [new("a \"b\", c", 0.5), new("d…", -0.25)];
        using (var file = new MetricsFile(Table))
        {
            file.Add(
                new TrainProgress
                {
                    Step = 0,
                    Steps = 2,
                    ValidationLoss = 0.125,
                    HeldOutLoss = 0.25,
                    Norms = [1, 2],
                    Drift = [0, 0],
                    Nearest = words,
                    Rows = [],
                }
            );
            file.Add(
                new TrainProgress
                {
                    Step = 1,
                    Steps = 2,
                    Loss = 0.5,
                    LearningRate = 0.01,
                    GradientNorm = double.NaN,
                    Norms = [1, 2],
                    Drift = [0.5, 1e-7],
                    Rows = [],
                }
            );
        }

        var lines = MetricsTable.Read(Table);

        Assert.Equal([0, 1], lines.Select(line => line.Step));
        Assert.Equal([null, 0.5], lines.Select(line => line.Loss));
        Assert.Equal([0.125, null], lines.Select(line => line.ValidationLoss));
        Assert.Equal([0.25, null], lines.Select(line => line.HeldOutLoss));
        Assert.Equal([null, double.NaN], lines.Select(line => line.GradientNorm));
        Assert.Equal(words, lines[0].Nearest);
        Assert.Null(lines[1].Nearest);
        Assert.Equal([1.0, 2], lines[1].Norms);
        Assert.Equal([0.5, 1e-7], lines[1].Drift);
    }

    [Fact]
    public void Open_Resumed_KeepsTheLinesUpToThere()
    {
        Write(resumeFrom: null, 0, 1, 2, 3);
        Write(resumeFrom: 1, 2, 3, 4);

        Assert.Equal([0, 1, 2, 3, 4], MetricsTable.Read(Table).Select(line => line.Step));
    }

    [Fact]
    public void Open_ResumedAfterAKill_DropsTheLineThatIsNotWhole()
    {
        Write(resumeFrom: null, 0, 1, 2);
        using (var stream = File.OpenWrite(Table))
            stream.SetLength(stream.Length - 5);
        Write(resumeFrom: 1, 2);

        Assert.Equal([0, 1, 2], MetricsTable.Read(Table).Select(line => line.Step));
    }

    /// <summary>A line that is cut off within its step number looks like the line of another step.</summary>
    [Fact]
    public void Open_ResumedWithANumberThatIsCut_DropsIt()
    {
        Write(resumeFrom: null, 9, 10, 11);
        File.WriteAllText(Table, File.ReadAllText(Table)[..^"1,0.5,,0.01,1,,,,,1,0\n".Length]);
        Assert.EndsWith("\n1", File.ReadAllText(Table));
        Write(resumeFrom: 10, 11);

        Assert.Equal([9, 10, 11], MetricsTable.Read(Table).Select(line => line.Step));
    }

    [Fact]
    public void Read_ColumnsInAnotherOrder_AreFoundByName()
    {
        File.WriteAllText(Table, "held_out_loss,loss,step\n0.5,0.25,7\n");

        var line = Assert.Single(MetricsTable.Read(Table));
        Assert.Equal((7, 0.25, 0.5), (line.Step, line.Loss, line.HeldOutLoss));
    }

    [Theory]
    [InlineData("")]
    [InlineData("a,b\n1,2\n")]
    [InlineData("step,loss\none,2\n")]
    [InlineData("step,loss\n1,two\n")]
    [InlineData("step,step\n1,2\n")]
    public void Read_SomethingElse_IsNamed(string content)
    {
        File.WriteAllText(Table, content);

        Assert.Equal(
            $"{Table}: is not the metrics of a run; choose the folder of another run.",
            Assert.Throws<TextualInversionException>(() => MetricsTable.Read(Table)).Message
        );
    }

    [Fact]
    public void Read_NoFile_IsNamed() =>
        Assert.Contains(
            $"{Table}: cannot be read",
            Assert.Throws<TextualInversionException>(() => MetricsTable.Read(Table)).Message
        );

    private void Write(int? resumeFrom, params int[] steps)
    {
        using var file = new MetricsFile(Table, resumeFrom);
        foreach (var step in steps)
            file.Add(
                new TrainProgress
                {
                    Step = step,
                    Steps = 9,
                    Loss = 0.5,
                    LearningRate = 0.01,
                    GradientNorm = 1,
                    Norms = [1],
                    Drift = [0],
                    Rows = [],
                }
            );
    }
}
