using static TorchSharp.torch;

namespace TextualInversion.Training.Distillation;

/// <summary>
/// The vectors from which learning starts: the best tokens of the prompt, or the means of neighboring tokens where
/// these are better.
/// </summary>
/// <param name="prompts">The prompt.</param>
/// <param name="vectors">n, the number of vectors.</param>
/// <param name="loss">The loss of vectors, (n, d) for each text encoder.</param>
internal sealed class DistillationStart(DistilledPrompts prompts, int vectors, Func<IReadOnlyList<Tensor>, double> loss)
{
    private const int MostTrials = 60; // each takes about as long as a step

    /// <summary>
    /// Takes evenly spread tokens, then for one place after another the token with the smallest loss.
    /// </summary>
    /// <returns>(n, d) for each text encoder.</returns>
    public IReadOnlyList<Tensor> Find()
    {
        using var scope = NewDisposeScope();
        var words = prompts.Meaningful;
        var chosen = Enumerable
            .Range(0, vectors)
            .Select(i => words[((2 * i) + 1) * words.Count / (2 * vectors)])
            .ToArray();
        var best = Of(chosen);
        var stride = Math.Max(1, vectors * words.Count / MostTrials);
        for (var place = 0; place < vectors; place++)
        {
            for (var i = place % stride; i < words.Count; i += stride)
            {
                if (chosen.Contains(words[i]))
                    continue;
                int[] other = [.. chosen];
                other[place] = words[i];
                var now = Of(other);
                if (now < best)
                    (best, chosen) = (now, other);
            }
        }

        var means = prompts.Means;
        var start = best <= loss(means) ? prompts.TokensAt(chosen) : means;
        foreach (var each in start)
            each.MoveToOuterDisposeScope();
        return start;
    }

    private double Of(int[] positions)
    {
        using var scope = NewDisposeScope();
        return loss(prompts.TokensAt(positions));
    }
}
