using TextualInversion.Schedulers;
using TorchSharp;
using static TorchSharp.torch;

namespace TextualInversion.Tests.Schedulers;

public sealed class HistoryTests
{
    [Fact]
    public void Add_PastTheCapacity_KeepsTheNewest()
    {
        var before = DisposeScopeManager.Statistics.ThreadTotalLiveCount;
        using (NewDisposeScope())
        using (var history = new History(2))
        {
            foreach (var value in (int[])[1, 2, 3])
            {
                using var step = NewDisposeScope();
                history.Add(tensor(value));
            }

            Assert.Equal((2, 3, 2), (history.Count, history[0].item<int>(), history[1].item<int>()));
        }

        Assert.Equal(before, DisposeScopeManager.Statistics.ThreadTotalLiveCount);
    }

    [Fact]
    public void Enter_RunThatBeginsLater_CountsItsOwnCalls()
    {
        using var history = new History(1);
        Assert.Equal([0, 1, 2], new[] { 5, 6, 7 }.Select(history.Enter));
        Assert.StartsWith("Step 8 is next, not 7.", Assert.Throws<ArgumentException>(() => history.Enter(7)).Message);
    }

    [Fact]
    public void Enter_WithinAStep_IsCallersBug()
    {
        using var history = new History(1, callsPerStep: 2);
        Assert.StartsWith(
            "A run begins at a multiple of 2, not at 3.",
            Assert.Throws<ArgumentException>(() => history.Enter(3)).Message
        );
        Assert.Equal(0, history.Enter(4));
        Assert.Equal(1, history.Enter(5));
    }
}
