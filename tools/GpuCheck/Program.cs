using TextualInversion;
using TextualInversion.GpuCheck;

if (args is ["--help" or "-h"])
{
    Console.WriteLine(CheckOptions.Usage);
    return 0;
}

try
{
    var options = CheckOptions.Parse(args);
    return options.Only is { } name ? SingleCheck.Run(options, name) : AllChecks.Run(options);
}
catch (TextualInversionException problem)
{
    Console.Error.WriteLine($"error: {problem.Message}");
    return 2;
}
