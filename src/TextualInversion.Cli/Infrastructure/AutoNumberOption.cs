using System.CommandLine;
using System.Numerics;

namespace TextualInversion.Cli.Infrastructure;

/// <summary>An option that takes a number or <c>auto</c>, which is the same as not to give it.</summary>
internal class AutoNumberOption<T> : Option<AutoNumber<T>?>
    where T : struct, INumber<T>, IMinMaxValue<T>
{
    private const string Auto = "auto";

    public AutoNumberOption(string name)
        : base(name)
    {
        HelpName = $"{Auto}|N";
        CompletionSources.Add(Auto);
        CustomParser = result =>
            result.Tokens is [{ Value: Auto }] ? new AutoNumber<T>(Number: null)
            : NumberArgument.Read(result, Name, Minimum, Maximum) is { } number ? new AutoNumber<T>(number)
            : null;
    }

    /// <inheritdoc cref="NumberOption{T}.Minimum"/>
    public T? Minimum { get; init; }

    /// <inheritdoc cref="NumberOption{T}.Maximum"/>
    public T? Maximum { get; init; }

    /// <summary>The number, or null for <c>auto</c>.</summary>
    public T? Read(ParseResult parsed) => parsed.GetValue(this)?.Number;
}

/// <summary>A number, or null for <c>auto</c>. The parser takes a null itself for a missing value.</summary>
internal sealed record AutoNumber<T>(T? Number)
    where T : struct;
