namespace TextualInversion.Cli.Infrastructure;

/// <summary>The versions that results record.</summary>
internal static class Versions
{
    public static string Of(Type type) => type.Assembly.GetName().Version!.ToString(3);
}
