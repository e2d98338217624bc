namespace TextualInversion;

/// <summary>How files name this library.</summary>
internal static class Software
{
    /// <summary>The name and the version, such as <c>TextualInversion 0.1.0</c>.</summary>
    public static string Name { get; } = $"TextualInversion {typeof(Software).Assembly.GetName().Version!.ToString(3)}";
}
