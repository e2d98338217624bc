using System.Numerics;
using TextualInversion.Cli.Infrastructure;

namespace TextualInversion.Cli.Train.Options;

/// <summary>Makes options whose help ends with the default of a property of <see cref="TrainOptions"/>.</summary>
internal static class TrainOption
{
    private static readonly TrainOptions Defaults = new();

    /// <param name="name">The option, such as <c>--steps</c>.</param>
    /// <param name="value">The name of its value in the help, such as N.</param>
    /// <param name="description">The help without the default.</param>
    /// <param name="property">The property that the option sets.</param>
    public static NumberOption<T> Number<T>(
        string name,
        string value,
        string description,
        Func<TrainOptions, T> property
    )
        where T : struct, INumber<T>, IMinMaxValue<T> =>
        new(name) { HelpName = value, Description = $"{description} Default: {Numbers.Format(property(Defaults))}." };

    /// <param name="name">The option, such as <c>--crop</c>.</param>
    /// <param name="values">The choices as the help lists them.</param>
    /// <param name="description">The help without the default.</param>
    /// <param name="property">The property that the option sets.</param>
    public static ChoiceOption<T> Choice<T>(
        string name,
        string values,
        string description,
        Func<TrainOptions, T> property
    )
        where T : struct, Enum =>
        new(name)
        {
            HelpName = values,
            Description = $"{description} Default: {property(Defaults).ToString().ToLowerInvariant()}.",
        };
}
