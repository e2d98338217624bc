using TextualInversion.Cli.EmbeddingFiles;
using TextualInversion.Embeddings;
using TextualInversion.Tests.Fixtures;
using static TorchSharp.torch;

namespace TextualInversion.Cli.Tests.EmbeddingFiles;

/// <summary>The commands for other programs that <c>ti inspect</c> proposes.</summary>
public sealed class ToolCompatibilityTests
{
    [Theory]
    [InlineData(
        "x/half.safetensors",
        EmbeddingFormat.Diffusers,
        EmbeddingContainer.Safetensors,
        ScalarType.Float16,
        1,
        "needs float32: ti convert half.safetensors --for sdcpp"
    )]
    [InlineData(
        "x/my cat's.safetensors",
        EmbeddingFormat.Diffusers,
        EmbeddingContainer.Safetensors,
        ScalarType.Float16,
        1,
        @"needs float32: ti convert 'my cat'\''s.safetensors' --for sdcpp"
    )]
    [InlineData(
        "learned_embeds.safetensors",
        EmbeddingFormat.Diffusers,
        EmbeddingContainer.Safetensors,
        ScalarType.Float32,
        2,
        "first ti convert learned_embeds.safetensors --for sdcpp"
    )]
    [InlineData(
        "paper.pt",
        EmbeddingFormat.Paper,
        EmbeddingContainer.Torch,
        ScalarType.Float32,
        1,
        "first ti convert paper.pt --for sdcpp"
    )]
    [InlineData(
        "webui.bin",
        EmbeddingFormat.WebUi,
        EmbeddingContainer.Torch,
        ScalarType.Float32,
        1,
        "goes by the file's extension: rename it to webui.pt, then --embd-dir DIR with the file in DIR; prompt: webui"
    )]
    internal void Of_FileThatDoesNotLoad_NamesACommandThatKeepsTheFile(
        string path,
        EmbeddingFormat layout,
        EmbeddingContainer container,
        ScalarType type,
        int encoders,
        string how
    )
    {
        using var file = new EmbeddingFile(
            path,
            layout,
            container,
            type,
            new LearnedEmbedding(
                "<x>",
                [.. Enumerable.Range(0, encoders).Select(_ => ones(1, 2))],
                new Dictionary<string, string>()
            )
        );
        // stable-diffusion.cpp accepts the fewest layouts.
        Assert.Equal((false, how), (ToolCompatibility.Of(file)[^1].Loads, ToolCompatibility.Of(file)[^1].How));
    }

    /// <summary>Each program's own traps.</summary>
    [Theory]
    [InlineData("InvokeAI", "my-cat.safetensors", EmbeddingFormat.Diffusers, "<x>", false)]
    [InlineData("InvokeAI", "my-cat.safetensors", EmbeddingFormat.WebUiSafetensors, "<x>", true)]
    [InlineData("InvokeAI", "märz.safetensors", EmbeddingFormat.WebUiSafetensors, "<x>", false)]
    [InlineData("ComfyUI", "my cat.safetensors", EmbeddingFormat.Diffusers, "<x>", false)]
    [InlineData("ComfyUI", "my-cat.safetensors", EmbeddingFormat.Diffusers, "<x>", true)]
    [InlineData("ComfyUI", "<my-cat>.safetensors", EmbeddingFormat.Diffusers, "<x>", false)]
    [InlineData("ComfyUI", "cat[2].safetensors", EmbeddingFormat.Diffusers, "<x>", false)]
    [InlineData("SwarmUI", "my-cat.safetensors", EmbeddingFormat.Diffusers, "x", true)]
    [InlineData("SwarmUI", "my-cat(2).safetensors", EmbeddingFormat.Diffusers, "x", false)]
    [InlineData("SwarmUI", "my-cat.safetensors", EmbeddingFormat.Diffusers, "<x>", true)]
    [InlineData("SD.Next", "my cat.safetensors", EmbeddingFormat.Diffusers, "x", true)]
    [InlineData("Forge", "my cat.safetensors", EmbeddingFormat.Diffusers, "x", true)]
    internal void Of_NamesAndKeys_AreJudgedByEachProgram(
        string program,
        string path,
        EmbeddingFormat layout,
        string trigger,
        bool loads
    )
    {
        using var file = new EmbeddingFile(
            path,
            layout,
            EmbeddingContainer.Safetensors,
            ScalarType.Float32,
            new LearnedEmbedding(trigger, [ones(1, 2)], new Dictionary<string, string>())
        )
        {
            Key = layout == EmbeddingFormat.WebUiSafetensors ? "emb_params" : null,
        };
        var use = ToolCompatibility.Of(file).Single(each => each.Program == program);
        Assert.True(loads == use.Loads, use.How);
        if (!loads)
            Assert.Contains("ti convert", use.How, StringComparison.Ordinal);
    }

    /// <summary>Elsewhere brackets are weights, which would take the name apart.</summary>
    [Theory]
    [InlineData("ComfyUI", @"embedding:my-cat\(2\)")]
    [InlineData("WebUI", @"my-cat\(2\)")]
    [InlineData("Forge", @"my-cat\(2\)")]
    [InlineData("SD.Next", @"my-cat\(2\)")]
    [InlineData("stable-diffusion.cpp", @"my-cat\(2\)")]
    public void Of_BracketsInTheName_AreEscapedInThePrompt(string program, string prompt)
    {
        using var file = new EmbeddingFile(
            "my-cat(2).safetensors",
            EmbeddingFormat.Diffusers,
            EmbeddingContainer.Safetensors,
            ScalarType.Float32,
            new LearnedEmbedding("<x>", [ones(1, 2)], new Dictionary<string, string>())
        );
        var use = ToolCompatibility.Of(file).Single(each => each.Program == program);
        Assert.True(use.Loads);
        Assert.EndsWith($"prompt: {prompt}", use.How, StringComparison.Ordinal);
    }

    [Fact]
    public void Of_TorchFile_IsCalledWithItsExtensionBySwarmUi()
    {
        using var file = new EmbeddingFile(
            "my-cat.pt",
            EmbeddingFormat.WebUi,
            EmbeddingContainer.Torch,
            ScalarType.Float32,
            new LearnedEmbedding("<x>", [ones(1, 2)], new Dictionary<string, string>())
        );
        var use = ToolCompatibility.Of(file).Single(each => each.Program == "SwarmUI");
        Assert.Equal((true, "into Models/Embeddings/; prompt: <embed:my-cat.pt>"), (use.Loads, use.How));
    }

    [Fact]
    public void Of_CapitalsInTheToken_AreWarnedAboutForDiffusers()
    {
        using var file = new EmbeddingFile(
            "my-cat.safetensors",
            EmbeddingFormat.Diffusers,
            EmbeddingContainer.Safetensors,
            ScalarType.Float32,
            new LearnedEmbedding("<My-Cat>", [ones(1, 2)], new Dictionary<string, string>())
        );
        Assert.Contains("lower-cases", ToolCompatibility.Of(file)[0].How, StringComparison.Ordinal);
    }

    /// <summary>
    /// The WebUI's modules/safe.py does not know <c>.format_version</c> and the like, which torch 2.13 writes, nor the
    /// classes of the paper's files before torch 1.6; Forge checks nothing. Both want tensors, not parameters, as does
    /// stable-diffusion.cpp, whose reader of older files knows few of them.
    /// </summary>
    [Theory]
    [InlineData("webui.pt", false, true, true)]
    [InlineData("webui-legacy.pt", true, true, false)]
    [InlineData("paper-legacy.pt", false, true, false)]
    [InlineData("diffusers-parameter.bin", false, false, false)]
    [InlineData("diffusers-legacy.bin", true, true, false)]
    public void Of_TorchFiles_AreJudgedByHowTheyWereSaved(string name, bool webUi, bool forge, bool cpp)
    {
        using var file = EmbeddingFile.Open(Path.Combine(Goldens.Repository, "tests", "goldens", "embeddings", name));
        var uses = ToolCompatibility.Of(file).ToDictionary(each => each.Program);
        Assert.Equal(
            (webUi, forge, cpp),
            (uses["WebUI"].Loads, uses["Forge"].Loads, uses["stable-diffusion.cpp"].Loads)
        );
        if (!webUi)
            Assert.EndsWith($"ti convert {name} --for a1111", uses["WebUI"].How, StringComparison.Ordinal);
    }
}
