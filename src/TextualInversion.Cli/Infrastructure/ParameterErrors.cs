namespace TextualInversion.Cli.Infrastructure;

/// <summary>The library names the property that is wrong; here it gets the name of the option that sets it.</summary>
internal static class ParameterErrors
{
    /// <summary>Runs <paramref name="work"/>, with options in place of properties in its error.</summary>
    /// <param name="work">Reads or checks options.</param>
    /// <param name="optionOf">
    /// From a property's name to an option's, such as <c>Vectors</c> to <c>--vectors</c>, or null if the name is not
    /// known.
    /// </param>
    /// <exception cref="TextualInversionException">The error of <paramref name="work"/>, by the option's
    /// name.</exception>
    public static void Translate(Action work, Func<string, string?> optionOf)
    {
        try
        {
            work();
        }
        catch (TextualInversionException error) when (error.Parameter is { } name && optionOf(name) is { } option)
        {
            throw new TextualInversionException($"{option} {error.Problem}", error);
        }
    }
}
