using System.Runtime.InteropServices;
using TextualInversion.Cli.Infrastructure;

namespace TextualInversion.Cli.Doctor;

/// <summary>Whether the program is complete.</summary>
internal static class ProgramCheck
{
    private const string Subject = "ti";

    private static readonly string[] Needed = ["demo-model/model_index.json", "samples/my-cat"];

    public static void Run(Diagnoses found)
    {
        var missing = Needed.FirstOrDefault(path => !Path.Exists(Path.Combine(AppContext.BaseDirectory, path)));
        if (missing is not null)
            found.Warn(Subject, $"{missing} is not in {AppContext.BaseDirectory}; install ti again to run ti demo");
        else
            found.Ok(
                Subject,
                $"{Versions.Of(typeof(ProgramCheck))} on {RuntimeInformation.FrameworkDescription}, "
                    + $"{RuntimeInformation.OSDescription}, {RuntimeInformation.ProcessArchitecture}"
            );
    }
}
