namespace TextualInversion.Training.Initializers;

/// <summary>A word of the vocabulary, by how well it explains the images.</summary>
/// <param name="Word">one token of it</param>
/// <param name="Loss">the validation loss where the rows are the word's</param>
internal sealed record RankedWord(string Word, double Loss);
