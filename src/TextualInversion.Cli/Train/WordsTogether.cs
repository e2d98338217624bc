using System.CommandLine;
using TextualInversion.Cli.Infrastructure;
using TextualInversion.Training.Initializers;

namespace TextualInversion.Cli.Train;

/// <summary>
/// <c>train --together</c>: several words that occur in the same captions are learned in one run. Each has its own
/// token, initializer, vectors and learning rate; everything else is the run's.
/// </summary>
internal static class WordsTogether
{
    private const string Option = "--together";

    /// <summary>The arguments of the run, with those of each word.</summary>
    /// <param name="command">The command, which reads the arguments of a word.</param>
    /// <param name="parsed">The command line with <c>--concept</c>.</param>
    /// <param name="concepts">The values of <c>--concept</c>.</param>
    /// <param name="common">The arguments of all words, after <c>ti train</c>.</param>
    /// <exception cref="UsageException">
    /// A concept cannot be read, two have one token, or an option is for a single word.
    /// </exception>
    /// <exception cref="TextualInversionException">An option is out of its range.</exception>
    public static TrainRequest Read(
        TrainCommand command,
        ParseResult parsed,
        IReadOnlyList<string> concepts,
        IReadOnlyList<string> common
    )
    {
        if (concepts.Count < 2)
            throw new UsageException($"{Option}: trains several words; give --concept for each of them.");
        var words = ConceptTexts.ParseWords(command, parsed, concepts, common).Select(command.Read).ToList();
        if (words.Find(word => word.Options.Initializer is InitialEmbedding.Auto) is { } unsaid)
            throw new UsageException(
                $"{Option}: {unsaid.Placeholder.Name} needs an initializer, such as initializer=cat in its --concept; "
                    + "the search for one needs images that show nothing else."
            );
        // A learning rate means AdamW. If only some words have one, the run has one optimizer all the same.
        if (words.Exists(word => word.Options.Optimizer == OptimizerKind.AdamW))
            words = words.ConvertAll(WithAdamW);
        var first = words[0];
        if (first.Seeds > 1)
            throw new UsageException($"{Option}: is for one seed; leave --seeds out, and train with each --seed.");
        if (first.Options.Templates is not null)
            throw new UsageException($"{Option}: takes its prompts from the captions alone; leave --templates out.");
        return first with { Images = [.. words.SelectMany(word => word.Images).Distinct()], Together = words };
    }

    private static TrainRequest WithAdamW(TrainRequest word) =>
        word.Options.Optimizer == OptimizerKind.AdamW
            ? word
            : word with
            {
                Options = word.Options with
                {
                    Optimizer = OptimizerKind.AdamW,
                    LearningRate = TrainOptions.DefaultLearningRate(OptimizerKind.AdamW),
                },
            };
}
