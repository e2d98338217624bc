using System.Text;
using TextualInversion.Cli;
using TextualInversion.Cli.Terminal;

// Windows' own code pages lack characters of prompts, names and messages.
if (OperatingSystem.IsWindows())
    Console.OutputEncoding = Encoding.UTF8;

// Set for those too who ask the console itself, such as the progress bar.
Console.SetOut(BrokenPipeSafeWriter.Open(1, () => Console.Out, mustArrive: true));
Console.SetError(BrokenPipeSafeWriter.Open(2, () => Console.Error, mustArrive: false));
var exitCode = await CommandLine.RunAsync(args, Console.Out, Console.Error, Environment.GetEnvironmentVariable);

// No tensor may be finalized on another thread while the exit handlers of libtorch take its memory down.
GC.Collect();
GC.WaitForPendingFinalizers();
return exitCode;
