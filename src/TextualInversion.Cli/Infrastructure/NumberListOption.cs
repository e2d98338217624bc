using System.CommandLine;
using System.CommandLine.Parsing;

namespace TextualInversion.Cli.Infrastructure;

/// <summary>An option that takes numbers with commas between them, such as <c>0.9,0.999</c>.</summary>
internal sealed class NumberListOption : Option<double[]>
{
    public NumberListOption(string name)
        : base(name) => CustomParser = Read;

    /// <summary>How many numbers there must be; null for one or more.</summary>
    public int? Count { get; init; }

    /// <summary>A value that is right, for error messages.</summary>
    public required string Example { get; init; }

    private double[] Read(ArgumentResult result)
    {
        if (result.Tokens is not [{ Value: var text }])
            return [];
        var parts = text.Split(',', StringSplitOptions.TrimEntries);
        var numbers = new double[parts.Length];
        for (var i = 0; i < parts.Length; i++)
        {
            if (Numbers.TryParse(parts[i], out numbers[i], out _) && (Count is null || parts.Length == Count))
                continue;
            result.AddError(
                $"{Name} {text}: write {Count?.ToString() ?? "one or more"} numbers with decimal points, "
                    + $"and commas between the numbers, such as {Example}."
            );
            return [];
        }

        return numbers;
    }
}
