using System.CommandLine;

namespace TextualInversion.Cli.Infrastructure;

/// <summary>The libtorch that a command line or the environment names.</summary>
internal static class TorchSettings
{
    /// <summary>The environment variable that names the folder of another libtorch.</summary>
    public const string Variable = "TI_LIBTORCH";

    /// <param name="parsed">The command line.</param>
    /// <param name="variable">Gives the value of an environment variable, or null if it is not set.</param>
    /// <param name="warn">Receives a warning about another version of libtorch.</param>
    public static TorchRuntimeOptions Of(ParseResult parsed, Func<string, string?> variable, Action<string> warn)
    {
        var option = parsed.CommandResult.Command.Options.FirstOrDefault(each =>
            each.Name == SharedOptions.LibtorchName
        );
        var typed = option is null ? null : parsed.GetValue((Option<string?>)option);
        return new TorchRuntimeOptions
        {
            CacheFolder = UserCache.Find(variable),
            LibtorchFolder = typed ?? (variable(Variable) is { Length: > 0 } folder ? folder : null),
            OnWarning = warn,
            TuneAllocator = true,
        };
    }
}
