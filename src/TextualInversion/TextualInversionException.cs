namespace TextualInversion;

/// <summary>A problem that the user can fix. The message says what is wrong, where, and what to do about it.</summary>
public sealed class TextualInversionException : Exception
{
    public TextualInversionException(string message)
        : base(message) { }

    public TextualInversionException(string message, Exception innerException)
        : base(message, innerException) { }

    private TextualInversionException(string parameter, string problem, Exception? innerException)
        : base($"{parameter} {problem}", innerException) => (Parameter, Problem) = (parameter, problem);

    /// <summary>
    /// The name of the property whose value is wrong, such as <c>Vectors</c>, or null if no single property is wrong.
    /// </summary>
    public string? Parameter { get; }

    /// <summary>The message without the property's name in front, or null if <see cref="Parameter"/> is null.</summary>
    public string? Problem { get; }

    /// <summary>A value that is out of its range. The message is the property's name followed by the problem.</summary>
    /// <param name="parameter">The property's name, as <c>nameof</c> gives it.</param>
    /// <param name="problem">The value and what to do, such as <c>0: choose a number from 1 to 75.</c></param>
    public static TextualInversionException ForParameter(string parameter, string problem) =>
        ForParameter(parameter, problem, innerException: null);

    /// <inheritdoc cref="ForParameter(string, string)"/>
    internal static TextualInversionException ForParameter(
        string parameter,
        string problem,
        Exception? innerException
    ) => new(parameter, problem, innerException);
}
