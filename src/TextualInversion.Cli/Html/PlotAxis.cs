using System.Globalization;

namespace TextualInversion.Cli.Html;

/// <summary>From values to places along a side of a plot, with some room at both ends, and with round numbers to show.</summary>
internal sealed class PlotAxis
{
    private readonly double low,
        high,
        begin,
        end;
    private readonly int decimals;

    /// <param name="values">that have to be seen; those that are not finite are left out</param>
    /// <param name="begin">the place of the smallest</param>
    /// <param name="end">the place of the largest</param>
    /// <param name="room">at each end, as a share of the whole</param>
    /// <param name="mostTicks">how many round numbers may be shown</param>
    public PlotAxis(IEnumerable<double> values, double begin, double end, double room = 0.08, int mostTicks = 5)
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

    /// <summary>A tick as text, with no more digits than its neighbours need.</summary>
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
