using TextualInversion.Cli;
using TextualInversion.Cli.Terminal;

// Set for those too who ask the console itself, such as the progress bar.
Console.SetOut(BrokenPipeSafeWriter.Open(1, () => Console.Out, mustArrive: true));
Console.SetError(BrokenPipeSafeWriter.Open(2, () => Console.Error, mustArrive: false));
return await CommandLine.RunAsync(args, Console.Out, Console.Error, Environment.GetEnvironmentVariable);
