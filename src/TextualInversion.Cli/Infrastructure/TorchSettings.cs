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
    public static TorchRuntimeOptions Of(ParseResult parsed, Func<string, string?> variable, Action<string> warn) =>
        new()
        {
            CacheFolder = UserCache.Find(variable),
            LibtorchFolder = Typed(parsed) ?? (variable(Variable) is { Length: > 0 } folder ? folder : null),
            OnWarning = warn,
            TuneAllocator = true,
        };

    /// <summary>Loads the libtorch that the command line or the environment names. An error says if the environment
    /// does, since that may have been set long ago.</summary>
    /// <exception cref="TextualInversionException">See <see cref="Start(TorchRuntimeOptions)"/>.</exception>
    public static void Start(ParseResult parsed, Func<string, string?> variable, Action<string> warn)
    {
        var options = Of(parsed, variable, warn);
        try
        {
            Start(options);
        }
        catch (TextualInversionException error) when (options.LibtorchFolder is not null && Typed(parsed) is null)
        {
            throw new TextualInversionException($"{error.Message} The variable {Variable} names it.", error);
        }
    }

    /// <summary>Loads libtorch.</summary>
    /// <exception cref="TextualInversionException">
    /// There is none, this system cannot load it, or it cannot be used.
    /// </exception>
    public static void Start(TorchRuntimeOptions options)
    {
        TorchRuntime.Initialize(options);
        // TorchSharp's own search would copy one from NuGet's cache, or end with pages of what it tried.
        if (OperatingSystem.IsLinux() && TorchRuntime.Describe().Folder is null)
            throw new TextualInversionException(
                $"This program was built without a libtorch; name the folder of one with {SharedOptions.LibtorchName} "
                    + $"or {Variable}. For an installed PyTorch it is what this prints: "
                    + "python3 -c \"import torch; print(torch.__path__[0] + '/lib')\"."
            );
    }

    private static string? Typed(ParseResult parsed)
    {
        var options = parsed.CommandResult.Command.Options;
        var option = options.FirstOrDefault(each => each.Name == SharedOptions.LibtorchName);
        return option is null ? null : parsed.GetValue((Option<string?>)option);
    }
}
