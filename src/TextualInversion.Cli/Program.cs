using TextualInversion.Cli;
using TextualInversion.Cli.Rendering;

// Set for those too who ask the console itself, such as the progress bar.
Console.SetOut(new StandardStream(() => Console.Out, mustArrive: true));
Console.SetError(new StandardStream(() => Console.Error, mustArrive: false));
return await CommandLine.RunAsync(args, Console.Out, Console.Error, Environment.GetEnvironmentVariable);
