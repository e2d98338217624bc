using TextualInversion.Cli.Completion;
using TextualInversion.Tests.Fixtures;

namespace TextualInversion.Cli.Tests.Completion;

/// <summary>What may stand at the end of a line that is typed.</summary>
public sealed class CompleterTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("ti tr", "train translate")]
    [InlineData("ti help tr", "train translate")]
    [InlineData("ti models g", "get")]
    [InlineData("ti train --learning", "--learning-rate")]
    [InlineData("ti train --steps 5 --learning", "--learning-rate")]
    [InlineData("ti train --images a b --learning", "--learning-rate")]
    [InlineData("ti train --precision ", "auto bf16 fp16 fp32")]
    [InlineData("ti train --precision f", "fp16 fp32")]
    [InlineData("ti train --precision=f", "--precision=fp16 --precision=fp32")]
    [InlineData("ti train --property O", "object")]
    [InlineData("ti train --model d", "demo")]
    [InlineData("ti generate --sampler UNIPC", "unipc|unipc karras")]
    [InlineData("ti generate --sampler 'dpm++ 2m sde", "dpm++ 2m sde|dpm++ 2m sde karras")]
    [InlineData("ti generate --device c", "cpu cuda")]
    [InlineData("ti generate --grid-x ste", "steps=")]
    [InlineData("ti convert a.pt --for s", "sdcpp sdnext swarmui")]
    [InlineData("ti completion ", "bash fish pwsh zsh")]
    [InlineData("ti train --steps ", "")]
    [InlineData("ti train --steps 5 nonsense", "")]
    [InlineData("ti nonsense", "")]
    public async Task Complete_Words_AreThoseThatFit(string line, string expected)
    {
        var (paths, _, words) = await CompleteAsync(line);

        Assert.Equal(
            expected.Split(expected.Contains('|') ? '|' : ' ', StringSplitOptions.RemoveEmptyEntries),
            words.Order(StringComparer.Ordinal)
        );
        Assert.Equal(line.Contains("--model") ? "files" : "none", paths);
    }

    [Theory]
    [InlineData("ti train --images ", "files")]
    [InlineData("ti train --images a b", "files")]
    [InlineData("ti inspect ", "files")]
    [InlineData("ti train --output ", "folders")]
    [InlineData("ti convert a --to ", "folders")]
    [InlineData("ti train --resume ru", "folders")]
    [InlineData("ti report ", "folders")]
    [InlineData("ti train --token ", "none")]
    public async Task Complete_Paths_AreLeftToTheShell(string line, string expected) =>
        Assert.Equal(expected, (await CompleteAsync(line)).Paths);

    [Fact]
    public async Task Complete_OptionThatWasGiven_IsNotOfferedAgain()
    {
        var (_, _, words) = await CompleteAsync("ti generate --prompt x --embedding a --");

        Assert.DoesNotContain("--prompt", words);
        Assert.Contains("--embedding", words);
        Assert.Contains("--help", words);
    }

    [Fact]
    public async Task Complete_ModelInTheCache_IsOfferedWithTheFiles()
    {
        Directory.CreateDirectory(folder.File("models--artist--tiny"));

        var (paths, _, words) = await CompleteAsync("ti generate --model artist");
        Assert.Equal("files", paths);
        Assert.Equal(["artist/tiny"], words);
        Assert.Equal(["artist/tiny"], (await CompleteAsync("ti models verify ")).Words);
    }

    [Theory]
    [InlineData("--prompt '", "<my-cat>|<old-dog>")]
    [InlineData("--prompt 'a painting of <my", "a painting of <my-cat>")]
    [InlineData("--negative '<o", "<old-dog>")]
    [InlineData("--prompt=\"a <", "--prompt=a <my-cat>|--prompt=a <old-dog>")]
    [InlineData("--prompt 'a painting of ", "")]
    public async Task Complete_Prompt_NamesTheTokensOfTheFolder(string prompt, string expected)
    {
        folder.Write("embeddings/my-cat.safetensors", "");
        folder.Write("embeddings/sub/old dog.pt", "");

        var (exitCode, output, error) = await TiProcess.RunAsync(
            folder.Path,
            $"'[complete]' {TextualInversion.Cli.Infrastructure.ShellCommand.Quote($"ti generate {prompt}")}"
        );

        Assert.Equal((0, ""), (exitCode, error));
        Assert.Equal(
            expected.Split('|', StringSplitOptions.RemoveEmptyEntries),
            output.ReplaceLineEndings("\n").Split('\n')[2..^1]
        );
    }

    [Fact]
    public async Task Complete_EveryOptionOfEveryCommand_NeedsNoLibtorchAndGivesLines()
    {
        foreach (var command in SnapshotTests.CommandPaths)
        {
            var (_, typed, words) = await CompleteAsync($"{command} --");
            Assert.Equal("--", typed);
            Assert.All(words, word => Assert.StartsWith("--", word, StringComparison.Ordinal));
            foreach (var word in words)
                await CompleteAsync($"{command} {word} ");
        }
    }

    [Fact]
    public async Task Complete_Process_DoesNotLoadLibtorch()
    {
        // A folder without libtorch would be refused.
        var (exitCode, output, error) = await TiProcess.RunAsync(
            folder.Path,
            "'[complete]' 'ti generate --sampler eu'",
            new Dictionary<string, string> { ["TI_LIBTORCH"] = "/nowhere" }
        );

        Assert.Equal((0, ""), (exitCode, error));
        Assert.Contains("euler a", output);
    }

    private async Task<(string Paths, string Typed, string[] Words)> CompleteAsync(string line)
    {
        var (exitCode, output, error) = await TiRunner.RunAsync(
            name => name == "HF_HUB_CACHE" ? folder.Path : null,
            CompletionDirective.Name,
            line
        );
        Assert.Equal((0, ""), (exitCode, error));
        var lines = output.ReplaceLineEndings("\n").Split('\n')[..^1];
        return (lines[0], lines[1], [.. lines[2..].Select(each => each.Split('\t')[0])]);
    }
}
