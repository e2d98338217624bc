namespace TextualInversion.Checkpoints;

/// <summary>What is wrong inside a file; whoever knows its name makes a <see cref="TextualInversionException"/> of it.</summary>
internal sealed class MalformedFileException(string message) : Exception(message);
