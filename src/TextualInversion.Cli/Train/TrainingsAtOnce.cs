using System.Collections.Concurrent;
using TextualInversion.Training;

namespace TextualInversion.Cli.Train;

/// <summary>Runs trainings that are independent of each other, several at once if that is asked for.</summary>
internal static class TrainingsAtOnce
{
    /// <summary>Runs all, in order where one runs at a time.</summary>
    /// <param name="items">The trainings.</param>
    /// <param name="kindOf">See <see cref="TrainModels.KindOf"/>. Neighbors of one kind may run at once.</param>
    /// <param name="countOf">How many like this one may run at once.</param>
    /// <param name="train">
    /// Runs a training, given its number. The member shares its U-Net batches with the others; it is null if one runs
    /// at a time.
    /// </param>
    public static async Task RunAsync<T>(
        IReadOnlyList<T> items,
        Func<T, object> kindOf,
        Func<T, Task<int>> countOf,
        Func<T, int, ConceptsAtOnce.Member?, Task> train
    )
    {
        for (var (first, end) = (0, 0); first < items.Count; first = end)
        {
            var kind = kindOf(items[first]);
            end = first + 1;
            while (end < items.Count && kindOf(items[end]).Equals(kind))
                end++;
            var same = items.Index().Take(first..end).ToList();
            var count = Math.Min(await countOf(items[first]), same.Count);
            if (count > 1)
                await RunAsync(same, count, train);
            else
                foreach (var (number, item) in same)
                    await train(item, number, null);
        }
    }

    private static async Task RunAsync<T>(
        IReadOnlyList<(int Number, T Item)> items,
        int count,
        Func<T, int, ConceptsAtOnce.Member?, Task> train
    )
    {
        using var all = new ConceptsAtOnce();
        var queue = new ConcurrentQueue<(int Number, T Item)>(items);
        // All join before the first begins, so that which trainings share a batch does not depend on the threads.
        var members = Enumerable.Range(0, count).Select(_ => all.Join()).ToList();
        await Task.WhenAll(members.Select(member => member.RunAsync(() => TakeAsync(member))));

        async Task TakeAsync(ConceptsAtOnce.Member member)
        {
            while (queue.TryDequeue(out var next))
            {
                member.Number = next.Number;
                await train(next.Item, next.Number, member);
            }
        }
    }
}
