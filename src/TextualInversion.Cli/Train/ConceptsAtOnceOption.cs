using TextualInversion.Cli.Infrastructure;

namespace TextualInversion.Cli.Train;

/// <summary><c>--concepts-at-once</c>: null for auto.</summary>
internal sealed class ConceptsAtOnceOption : AutoNumberOption<int>
{
    private const int Most = 64;

    public ConceptsAtOnceOption()
        : base("--concepts-at-once")
    {
        Description =
            "How many concepts share a U-Net batch, each with its own images, vectors, validation and end. With more "
            + "than 1, the numbers may differ from those of a training alone by rounding. auto: 1 on a CPU, where more "
            + "is not faster; on a GPU as many as fit into its memory, at most 16. Default: auto.";
        Minimum = 1;
        Maximum = Most;
    }
}
