using TextualInversion.Training.Stopping;

namespace TextualInversion.Tests.Training.Stopping;

public sealed class CoolDownTests
{
    [Theory]
    [InlineData(2, new[] { 5.0, 4, 3, 2 }, null)] // falls
    [InlineData(2, new[] { 5.0, 4, 4.1 }, null)] // one worse
    [InlineData(2, new[] { 5.0, 4, 4.1, 4.2 }, 30)] // two worse
    [InlineData(2, new[] { 5.0, 4, 4, 4 }, 30)] // as good is not better
    [InlineData(2, new[] { 5.0, 4, 4.1, 3.9 }, null)] // the best is the last
    [InlineData(2, new[] { 5.0, 4, 4.1, 4.2, 3 }, 30)] // better later: the cool-down goes on
    [InlineData(2, new[] { 5.0, double.NaN, double.NaN }, 20)]
    [InlineData(0, new[] { 5.0, 6, 7, 8 }, null)] // never
    [InlineData(1, new double[0], null)] // without validations
    public void Find_Losses_StartsAfterSoManyThatAreNotBetter(int patience, double[] losses, int? expected) =>
        Assert.Equal(expected, CoolDown.Find(Every10Steps(losses), patience)?.Start);

    [Fact]
    public void Find_ExtendedRun_CountsFromWhereItWasExtended()
    {
        var points = Every10Steps(5, 4, 4.1, 4.2, 4.3, 4.4);

        Assert.Equal(30, CoolDown.Find(points, patience: 2)?.Start);
        Assert.Equal(new CoolDown(50, 4), CoolDown.Find(points, patience: 2, start: 30));
        Assert.Null(CoolDown.Find(points, patience: 2, start: 40));
    }

    [Fact]
    public void Share_OfTheSteps_FallsEvenlyToZeroAtTheEnd()
    {
        var coolDown = CoolDown.Find(Every10Steps(5, 6, 7), patience: 2)!.Value;

        Assert.Equal(24, coolDown.End);
        Assert.Equal([1, 0.75, 0.5, 0.25, 0], Enumerable.Range(20, 5).Select(coolDown.Share));
    }

    private static List<Validation> Every10Steps(params IEnumerable<double> losses) =>
        [.. losses.Select((loss, index) => new Validation(10 * index, Loss: 1, loss))];
}
