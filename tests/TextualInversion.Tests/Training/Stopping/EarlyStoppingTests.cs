using TextualInversion.Training.Stopping;

namespace TextualInversion.Tests.Training.Stopping;

public sealed class EarlyStoppingTests
{
    [Theory]
    [InlineData(2, new[] { 5.0, 4, 3, 2 }, false)] // improves
    [InlineData(2, new[] { 5.0, 4, 4.1 }, false)] // one validation without improvement
    [InlineData(2, new[] { 5.0, 4, 4.1, 4.2 }, true)] // two validations without improvement
    [InlineData(2, new[] { 5.0, 4, 4, 4 }, true)] // an equal loss is not an improvement
    [InlineData(2, new[] { 5.0, 4, 4.1, 3.9 }, false)] // the last is the best
    [InlineData(0, new[] { 5.0, 6, 7, 8 }, false)] // never stops
    [InlineData(1, new double[0], false)] // no validations
    public void IsOver_Losses_CountsThoseAfterTheBest(int patience, double[] losses, bool expected) =>
        Assert.Equal(
            expected,
            EarlyStopping.ShouldStop([.. losses.Select((loss, step) => new Validation(step, loss))], patience)
        );
}
