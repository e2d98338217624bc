using System.Collections.Concurrent;
using TextualInversion.Cli.Infrastructure;
using TextualInversion.Cli.Terminal;
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
    /// <param name="messages">Receives the warning if memory runs out for a shared batch.</param>
    public static async Task RunAsync<T>(
        IReadOnlyList<T> items,
        Func<T, object> kindOf,
        Func<T, Task<int>> countOf,
        Func<T, int, ConceptsAtOnce.Member?, Task> train,
        ConsoleLog messages
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
                await RunAsync(same, count, train, messages);
            else
                foreach (var (number, item) in same)
                    await train(item, number, null);
        }
    }

    /// <summary>Trainings that share U-Net batches, with a warning where memory runs out for one.</summary>
    public static ConceptsAtOnce Share(ConsoleLog messages) =>
        new()
        {
            OnTooLarge = (names, most) =>
                messages.Warn(
                    $"memory ran out for a U-Net batch of {Plural.Of(names.Count, "concept")} "
                        + $"({string.Join(", ", names)}); no step is lost, and from now on a batch holds at most "
                        + $"{most}. Next time, --concepts-at-once {most} avoids the attempt"
                ),
        };

    private static async Task RunAsync<T>(
        IReadOnlyList<(int Number, T Item)> items,
        int count,
        Func<T, int, ConceptsAtOnce.Member?, Task> train,
        ConsoleLog messages
    )
    {
        using var all = Share(messages);
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
