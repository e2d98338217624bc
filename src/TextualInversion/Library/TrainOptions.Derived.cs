using TextualInversion.Training.Initializers;

namespace TextualInversion;

public sealed partial record TrainOptions
{
    /// <summary>The learning rate if none is set.</summary>
    internal static double DefaultLearningRate(OptimizerKind optimizer) =>
        optimizer switch
        {
            OptimizerKind.Prodigy => 1,
            OptimizerKind.AdamW or OptimizerKind.Direction => 5e-3,
            _ => throw new ArgumentOutOfRangeException(nameof(optimizer)),
        };

    /// <summary>The word for <see cref="Property"/>: object or style.</summary>
    internal string PropertyWord => Property.ToString().ToLowerInvariant();

    /// <summary>The number of vectors; if the search for the initializer decides, the most.</summary>
    internal int VectorCount => Vectors ?? (SearchesInitializer ? MostAutoVectors : FewestAutoVectors);

    /// <summary>The number of vectors that start from a phrase that was found.</summary>
    internal int VectorsFor(FoundPhrase found) => Vectors ?? Math.Max(FewestAutoVectors, found.WordCount);

    internal bool SearchesInitializer => Initializer == InitialEmbedding.Auto;
}
