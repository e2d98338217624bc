using System.CommandLine;
using System.CommandLine.Parsing;
using System.Numerics;

namespace TextualInversion.Cli.Infrastructure;

/// <summary>An option that takes a number, see <see cref="Numbers"/>.</summary>
internal sealed class NumberOption<T> : Option<T>
    where T : struct, INumber<T>, IMinMaxValue<T>
{
    public NumberOption(string name)
        : base(name) => CustomParser = result => NumberArgument.Read(result, Name, Minimum, Maximum) ?? T.Zero;

    /// <summary>The smallest number that is allowed; null for any.</summary>
    public T? Minimum { get; init; }

    /// <summary>The largest number that is allowed; null for any.</summary>
    public T? Maximum { get; init; }
}

/// <summary>The same, null if it is not given.</summary>
internal sealed class OptionalNumberOption<T> : Option<T?>
    where T : struct, INumber<T>, IMinMaxValue<T>
{
    public OptionalNumberOption(string name)
        : base(name) =>
        CustomParser = result =>
            Draws is not null && result.Tokens is [{ Value: "-1" }]
                ? Draws()
                : NumberArgument.Read(result, Name, Minimum, Maximum);

    /// <summary>Draws the number that -1 stands for; null if -1 is a number as any other.</summary>
    public Func<T>? Draws { get; init; }

    /// <inheritdoc cref="NumberOption{T}.Minimum"/>
    public T? Minimum { get; init; }

    /// <inheritdoc cref="NumberOption{T}.Maximum"/>
    public T? Maximum { get; init; }
}

/// <summary>Reads the number of an option.</summary>
internal static class NumberArgument
{
    /// <returns>The number; null after an error, which is added to the result.</returns>
    public static T? Read<T>(ArgumentResult result, string option, T? minimum, T? maximum)
        where T : struct, INumber<T>, IMinMaxValue<T>
    {
        if (result.Tokens is not [{ Value: var text }])
            return null;
        if (!Numbers.TryParse<T>(text, out var number, out var problem))
            result.AddError($"{option} {text}: {Narrowed(problem, minimum, maximum)}.");
        else if (number < minimum || number > maximum)
            result.AddError($"{option} {text}: {Numbers.Range(minimum, maximum)}.");
        else
            return number;
        return null;
    }

    /// <summary>For a whole number that is too long for its type, the option's range instead of the type's.</summary>
    private static string Narrowed<T>(string problem, T? minimum, T? maximum)
        where T : struct, INumber<T>, IMinMaxValue<T> =>
        problem == Numbers.Range<T>(T.MinValue, T.MaxValue)
            ? Numbers.Range<T>(minimum ?? T.MinValue, maximum ?? T.MaxValue)
            : problem;
}
