using TextualInversion.Tests.Fixtures;

namespace TextualInversion.Cli.Tests.Completion;

/// <summary>
/// Lines typed into real shells, with the tab key, and the arguments that the program gets from them. The program on
/// the PATH is ti for completions, and otherwise prints its arguments.
/// </summary>
public sealed class ShellTests : IDisposable
{
    private readonly TemporaryFolder folder = new();
    private readonly Dictionary<string, string> environment;

    public ShellTests()
    {
        var program = folder.Write(
            "bin/ti",
            $"""
            #!/bin/sh
            case $1 in
                '[complete]' | completion)
                    exec '{Environment.ProcessPath}' exec '{AppContext.BaseDirectory}ti.dll' "$@"
                    ;;
            esac
            printf 'ARGUMENTS'
            printf '|%s' "$@"
            echo '|END'

            """
        );
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(program, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        folder.Write("work/embeddings/my-cat.safetensors", "");
        folder.Write("work/photos of it/1.png", "");
        Directory.CreateDirectory(folder.File("hub/models--artist--tiny"));
        environment = new()
        {
            ["PATH"] = $"{folder.File("bin")}:{Environment.GetEnvironmentVariable("PATH")}",
            ["HOME"] = folder.Path,
            ["HF_HUB_CACHE"] = folder.File("hub"),
            ["TERM"] = "dumb",
            ["LC_ALL"] = "C.UTF-8",
        };
    }

    /// <summary>What is typed, and the arguments that the program should get.</summary>
    private static readonly (string Keys, string Expected)[] Lines =
    [
        ("ti gener\t--sampl\tdeis\\ k\t", "generate|--sampler|deis karras"),
        ("ti train --learning-r\t0.1 --precision=b\t", "train|--learning-rate|0.1|--precision=bf16"),
        ("ti generate --prompt \"a painting of <my\t", "generate|--prompt|a painting of <my-cat>"),
        ("ti generate --prompt 'a painting of <my\t", "generate|--prompt|a painting of <my-cat>"),
        ("ti models verify artist/t\t", "models|verify|artist/tiny"),
        ("ti inspect emb\tmy\t", "inspect|embeddings/my-cat.safetensors"),
        ("ti train --images pho\t", "train|--images|photos of it"),
        ("ti train --model de\t", "train|--model|demo"),
    ];

    public void Dispose() => folder.Dispose();

    [FactWithPrograms("bash", "script")]
    public Task Bash_TypedLines_AreCompleted() =>
        TypeAsync("bash --norc --noprofile -i", "source <(ti completion bash)");

    [FactWithPrograms("zsh", "script")]
    public Task Zsh_TypedLines_AreCompleted() =>
        TypeAsync("zsh -f -i", "autoload -Uz compinit; compinit -u -D; source <(ti completion zsh)");

    [FactWithPrograms("fish", "script")]
    public Task Fish_TypedLines_AreCompleted() => TypeAsync("fish --no-config -i", "ti completion fish | source");

    private async Task TypeAsync(string shell, string load)
    {
        using var session = new ShellSession(shell, folder.File("work"), environment);
        await session.TypeAsync($"{load}\necho ready-$(echo now)\n", "ready-now");
        var shown = new List<string>();
        foreach (var (keys, _) in Lines)
            shown.Add(await session.TypeAsync($"{keys}\n", "|END"));

        Assert.Equal(Lines.Select(line => line.Expected), shown.Select(ArgumentsIn));
    }

    /// <summary>
    /// What the program printed, or all that was shown if it printed nothing. zsh takes the slash behind a folder back.
    /// </summary>
    private static string ArgumentsIn(string shown)
    {
        const string Start = "ARGUMENTS|";
        var at = shown.LastIndexOf(Start, StringComparison.Ordinal);
        return at < 0
            ? shown
            : shown[(at + Start.Length)..shown.IndexOf("|END", at, StringComparison.Ordinal)].TrimEnd('/');
    }
}
