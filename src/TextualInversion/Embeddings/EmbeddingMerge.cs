using TextualInversion.Native;
using static TorchSharp.torch;

namespace TextualInversion.Embeddings;

/// <summary>
/// Makes new embeddings from others, which must be for the same text encoders. The caller disposes of the results.
/// </summary>
internal static class EmbeddingMerge
{
    private const string BaseModel = "base_model";

    /// <summary>All vectors, one embedding after the other: a prompt with the token has all of them.</summary>
    /// <exception cref="TextualInversionException">The embeddings are for different encoders.</exception>
    public static LearnedEmbedding Concatenate(string trigger, IReadOnlyList<LearnedEmbedding> embeddings)
    {
        RequireSameWidths(embeddings);
        return New(
            trigger,
            embeddings,
            encoder => cat([.. embeddings.Select(embedding => embedding.Rows[encoder])], dim: 0)
        ); // (n1 + n2 + …, d)
    }

    /// <summary>The mean of the embeddings, vector by vector, with weights that need not add up to 1.</summary>
    /// <exception cref="TextualInversionException">
    /// The embeddings are for different encoders, have different numbers of vectors, or the weights add up to 0.
    /// </exception>
    public static LearnedEmbedding Average(
        string trigger,
        IReadOnlyList<LearnedEmbedding> embeddings,
        IReadOnlyList<double> weights
    )
    {
        if (weights.Count != embeddings.Count)
            throw new TextualInversionException(
                $"There are {weights.Count} weights for {embeddings.Count} embeddings; give one for each."
            );
        var sum = weights.Sum();
        if (!double.IsFinite(sum) || Math.Abs(sum) < 1e-9)
            throw new TextualInversionException("The weights add up to nothing; give others.");
        RequireSameShapes(embeddings);
        return New(
            trigger,
            embeddings,
            encoder =>
            {
                using var scope = NewDisposeScope();
                var terms = embeddings
                    .Zip(
                        weights,
                        (embedding, weight) => embedding.Rows[encoder].to(ScalarType.Float64).Times(weight / sum)
                    )
                    .ToArray();
                return stack(terms).sum([0]).to(ScalarType.Float32).MoveToOuterDisposeScope(); // (n, d)
            }
        );
    }

    /// <summary>
    /// Interpolates from the first embedding at 0 to the second at 1, vector by vector: the direction turns evenly
    /// along the great circle (Shoemake 1985, "Animating rotation with quaternion curves"), and the norm changes
    /// evenly. On a straight line, vectors would be shorter in the middle than at either end.
    /// </summary>
    /// <exception cref="TextualInversionException">
    /// The embeddings are for different encoders or have different numbers of vectors.
    /// </exception>
    public static LearnedEmbedding Slerp(string trigger, LearnedEmbedding first, LearnedEmbedding second, double at)
    {
        RequireSameShapes([first, second]);
        return New(
            trigger,
            [first, second],
            encoder =>
            {
                var width = (int)first.Rows[encoder].shape[1];
                var rows = first
                    .Rows[encoder]
                    .data<float>()
                    .ToArray()
                    .Chunk(width)
                    .Zip(second.Rows[encoder].data<float>().ToArray().Chunk(width), (a, b) => Slerp(a, b, at));
                return tensor(rows.SelectMany(row => row).ToArray(), first.Rows[encoder].shape);
            }
        );
    }

    /// <summary>One embedding for each vector, with numbered placeholder tokens: <c>&lt;my-cat-1&gt;</c>.</summary>
    public static IReadOnlyList<LearnedEmbedding> Split(string trigger, LearnedEmbedding embedding) =>
        [
            .. Enumerable
                .Range(0, embedding.Vectors)
                .Select(row =>
                    New(Numbered(trigger, row + 1), [embedding], encoder => Row(embedding.Rows[encoder], row))
                ),
        ]; // (1, d)

    private static Tensor Row(Tensor rows, int number)
    {
        using var scope = NewDisposeScope();
        return rows.narrow(0, number, 1).clone().MoveToOuterDisposeScope(); // (1, d)
    }

    /// <summary>A placeholder token with a number, inside its brackets if it has any.</summary>
    public static string Numbered(string trigger, int number) =>
        trigger is ['<', .. var name, '>'] ? $"<{name}-{number}>" : $"{trigger}-{number}";

    private static float[] Slerp(float[] first, float[] second, double at)
    {
        double a = Length(first),
            b = Length(second),
            cosine = first.Zip(second, (x, y) => (double)x * y).Sum() / Math.Max(a * b, double.Epsilon);
        var angle = Math.Acos(Math.Clamp(cosine, -1, 1));
        if (a == 0 || b == 0 || Math.Sin(angle) < 1e-6)
            // No direction, the same one, or opposite ones without a shortest path: a straight line.
            return [.. first.Zip(second, (x, y) => (float)((x * (1 - at)) + (y * at)))];
        double length = (a * (1 - at)) + (b * at),
            ofFirst = length * Math.Sin((1 - at) * angle) / (Math.Sin(angle) * a),
            ofSecond = length * Math.Sin(at * angle) / (Math.Sin(angle) * b);
        return [.. first.Zip(second, (x, y) => (float)((x * ofFirst) + (y * ofSecond)))];
    }

    private static double Length(float[] row) => Math.Sqrt(row.Sum(value => (double)value * value));

    private static LearnedEmbedding New(string trigger, IReadOnlyList<LearnedEmbedding> from, Func<int, Tensor> rows)
    {
        var provenance = new Dictionary<string, string>
        {
            ["merged_from"] = string.Join(", ", from.Select(embedding => embedding.Trigger)),
        };
        var models = from.Select(embedding => embedding.Provenance.GetValueOrDefault(BaseModel)).Distinct().ToList();
        if (models is [{ } model])
            provenance[BaseModel] = model;
        if (from.All(embedding => ModelSpec.IsNegative(embedding.Provenance)))
            provenance[ModelSpec.NegativeKey] = "true";
        return new LearnedEmbedding(trigger, [.. Enumerable.Range(0, from[0].Rows.Count).Select(rows)], provenance);
    }

    private static void RequireSameShapes(IReadOnlyList<LearnedEmbedding> embeddings)
    {
        RequireSameWidths(embeddings);
        foreach (var other in embeddings.Where(other => other.Vectors != embeddings[0].Vectors))
            throw new TextualInversionException(
                $"{embeddings[0].Trigger} has {embeddings[0].Vectors} vectors and {other.Trigger} {other.Vectors}; "
                    + "only embeddings of equally many can be mixed. Concatenate them, or split them first."
            );
    }

    private static void RequireSameWidths(IReadOnlyList<LearnedEmbedding> embeddings)
    {
        foreach (var other in embeddings.Where(other => !other.Widths.SequenceEqual(embeddings[0].Widths)))
            throw new TextualInversionException(
                $"{embeddings[0].Trigger} is {string.Join(" and ", embeddings[0].Widths)} wide and "
                    + $"{other.Trigger} {string.Join(" and ", other.Widths)}; "
                    + "they are for different models and cannot be merged."
            );
    }
}
