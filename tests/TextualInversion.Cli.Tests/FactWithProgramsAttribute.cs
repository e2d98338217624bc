namespace TextualInversion.Cli.Tests;

/// <summary>A test that needs programs, skipped where one of them is not installed.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class FactWithProgramsAttribute : FactAttribute
{
    /// <param name="programs">The programs that must be on the PATH.</param>
    public FactWithProgramsAttribute(params string[] programs)
    {
        if (Programs.Missing(programs) is { } missing)
            Skip = $"{missing} is not installed";
    }
}

/// <summary>The programs of this machine.</summary>
internal static class Programs
{
    /// <summary>The first of some programs that is not on the PATH, or null.</summary>
    public static string? Missing(IEnumerable<string> programs)
    {
        var folders = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator);
        return programs.FirstOrDefault(program => !folders.Any(each => File.Exists(Path.Combine(each, program))));
    }
}
