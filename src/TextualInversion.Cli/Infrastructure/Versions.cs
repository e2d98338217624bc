namespace TextualInversion.Cli.Infrastructure;

/// <summary>The versions that results record.</summary>
internal static class Versions
{
    /// <summary>How files name this program.</summary>
    public static string Software { get; } = $"ti {Of(typeof(Versions))}";

    public static string Of(Type type) => type.Assembly.GetName().Version!.ToString(3);
}
