using System.Text.RegularExpressions;
using TextualInversion.IO;

namespace TextualInversion.Cli.ModelAccess;

/// <summary>
/// The environment variables that Python tools read, with the same meaning
/// (https://huggingface.co/docs/huggingface_hub/package_reference/environment_variables). Empty is the same as not set.
/// </summary>
internal static partial class HubEnvironment
{
    /// <param name="variable">Gives the value of an environment variable, or null if it is not set.</param>
    /// <exception cref="TextualInversionException">HF_ENDPOINT is not an address.</exception>
    public static HubOptions Resolve(Func<string, string?> variable)
    {
        var user = Read("HOME") ?? Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
        var home =
            Read("HF_HOME") ?? Path.Combine(Read("XDG_CACHE_HOME") ?? Path.Combine(user, ".cache"), "huggingface");
        var options = new HubOptions
        {
            CacheFolder = Path.GetFullPath(
                Read("HF_HUB_CACHE") ?? Read("HUGGINGFACE_HUB_CACHE") ?? Path.Combine(home, "hub")
            ),
            Offline = IsTrue("HF_HUB_OFFLINE") || IsTrue("TRANSFORMERS_OFFLINE"),
            Token = IsTrue("HF_HUB_DISABLE_IMPLICIT_TOKEN")
                ? null
                : Clean(Read("HF_TOKEN") ?? Read("HUGGING_FACE_HUB_TOKEN"))
                    ?? TokenIn(Read("HF_TOKEN_PATH") ?? Path.Combine(home, "token")),
        };
        return Read("HF_ENDPOINT") is { } endpoint ? options with { Endpoint = Address(endpoint) } : options;

        string? Read(string name) => variable(name) is { Length: > 0 } value ? Expand(value) : null;

        bool IsTrue(string name) => variable(name)?.ToUpperInvariant() is "1" or "ON" or "YES" or "TRUE";

        // A folder may be written with ~ and other variables.
        string Expand(string value)
        {
            var expanded = Reference()
                .Replace(value, match => variable(match.Groups[1].Value + match.Groups[2].Value) ?? match.Value);
            return expanded == "~" || expanded.StartsWith("~/", StringComparison.Ordinal)
                ? (variable("HOME") ?? "~") + expanded[1..]
                : expanded;
        }
    }

    private static Uri Address(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var address) && address.Scheme is "http" or "https"
            ? address
            : throw new TextualInversionException(
                $"HF_ENDPOINT: {text} is not the address of a hub; write one such as https://huggingface.co, or "
                    + $"unset it."
            );

    private static string? TokenIn(string path)
    {
        try
        {
            return File.Exists(path) ? Clean(File.ReadAllText(path)) : null;
        }
        catch (Exception error) when (IoErrors.IsFileError(error))
        {
            return null; // most models need no token
        }
    }

    private static string? Clean(string? token) =>
        token?.ReplaceLineEndings("").Trim() is { Length: > 0 } clean ? clean : null;

    [GeneratedRegex(@"\$(?:(\w+)|\{([^}]+)\})")]
    private static partial Regex Reference();
}
