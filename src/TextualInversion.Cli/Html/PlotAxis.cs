using System.Globalization;

namespace TextualInversion.Cli.Html;

/// <summary>Maps values to places along a side of a plot, and chooses round numbers to show.</summary>
internal sealed class PlotAxis
{
    /// <summary>The room at each end, as a share of the range.</summary>
    public const double StandardRoom = 0.08;

    private readonly double low,
        high,
        begin,
        end;
    private readonly int decimals;

    /// <param name="values">Values that must be visible. Those that are not finite are left out.</param>
    /// <param name="begin">The place of the smallest value.</param>
    /// <param name="end">The place of the largest value.</param>
    /// <param name="room">The room at each end, as a share of the range.</param>
    /// <param name="mostTicks">The largest number of ticks, less one.</param>
    public PlotAxis(IEnumerable<double> values, double begin, double end, double room = StandardRoom, int mostTicks = 5)
    {
        var finite = values.Where(double.IsFinite).DefaultIfEmpty().ToList();
        var (smallest, largest) = (finite.Min(), finite.Max());
        var range = largest > smallest ? largest - smallest : Math.Max(Math.Abs(largest) * 0.1, 1e-6);
        (low, high, this.begin, this.end) = (smallest - room * range, largest + room * range, begin, end);
        var step = RoundStep((high - low) / mostTicks);
        decimals = Math.Clamp((int)-Math.Floor(Math.Log10(step) + 1e-9), 0, 15);
        var first = Math.Ceiling(low / step - 1e-9);
        Ticks =
        [
            .. Enumerable
                .Range(0, mostTicks + 1)
                .Select(i => (first + i) * step)
                .TakeWhile(tick => tick <= high + step * 1e-9),
        ];
    }

    /// <summary>Round numbers between the ends: multiples of 1, 2 or 5 times a power of ten.</summary>
    public IReadOnlyList<double> Ticks { get; }

    public double Place(double value) => begin + (value - low) / (high - low) * (end - begin);

    /// <summary>A tick as text, with as many digits as tell neighbors apart.</summary>
    public string Label(double tick) =>
        Math.Abs(tick) >= 1e6 || decimals > 6
            ? tick.ToString("G3", CultureInfo.InvariantCulture)
            : (tick + 0.0).ToString("N" + decimals, CultureInfo.InvariantCulture);

    private static double RoundStep(double least)
    {
        var power = Math.Pow(10, Math.Floor(Math.Log10(least)));
        return power
            * (least / power) switch
            {
                <= 1 + 1e-9 => 1,
                <= 2 + 1e-9 => 2,
                <= 5 + 1e-9 => 5,
                _ => 10,
            };
    }
}
