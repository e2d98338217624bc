using TextualInversion.Cli.EmbeddingFiles;
using TextualInversion.Embeddings;
using TextualInversion.Tests.Fixtures;
using TextualInversion.Training.Initializers;
using static TorchSharp.torch;

namespace TextualInversion.Cli.Tests.EmbeddingFiles;

public sealed class EmbeddingSetTests : IDisposable
{
    private readonly TemporaryFolder folder = new();
    private readonly List<string> warnings = [];

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Discover_AllLayouts_AreReadWithTheirNames()
    {
        var layouts = Enum.GetValues<EmbeddingFormat>().Where(layout => layout != EmbeddingFormat.Sdxl).ToList();
        foreach (var layout in layouts)
            Write($"e-{layout}{EmbeddingFormats.Extension(layout)}", layout, $"<e-{layout}>");

        using var set = EmbeddingSet.Discover(folder.Path, warnings.Add);

        Assert.Equal(layouts.Count, set.Embeddings.Count);
        Assert.Empty(warnings);
        Assert.Empty(PromptEmbeddings.Unanswered(set, [.. layouts.Select(layout => $"<e-{layout}>")]));
    }

    [Fact]
    public void Discover_SubFolderPreviewAndDamagedFile_AreHandled()
    {
        Write("one.safetensors", EmbeddingFormat.Diffusers, "<one>");
        Directory.CreateDirectory(folder.File("people"));
        Write("people/two.pt", EmbeddingFormat.WebUi, "*");
        folder.Write("one.preview.png", "an image");
        folder.Write("people/two.png", "an image");
        folder.Write("broken.pt", "not an embedding");

        using var set = EmbeddingSet.Discover(folder.Path, warnings.Add);

        Assert.Equal(
            [folder.File("one.safetensors"), folder.File("people/two.pt")],
            set.Arguments.Select(argument => argument.Path)
        );
        Assert.Empty(PromptEmbeddings.Unanswered(set, ["embedding:people/two embedding:two <two>"]));
        Assert.Contains("broken.pt", Assert.Single(warnings), StringComparison.Ordinal);
    }

    /// <summary>ti train --for and ti convert --for write copies into sub-folders.</summary>
    [Fact]
    public void Discover_CopyInASubFolder_ComesAfterTheFileItself()
    {
        Write("my-cat.safetensors", EmbeddingFormat.Diffusers, "<my-cat>");
        Directory.CreateDirectory(folder.File("comfyui"));
        Write("comfyui/my-cat.safetensors", EmbeddingFormat.WebUiSafetensors, "<my-cat>");

        using var set = EmbeddingSet.Discover(folder.Path, warnings.Add);

        Assert.Equal(
            [folder.File("my-cat.safetensors"), folder.File("comfyui/my-cat.safetensors")],
            set.Arguments.Select(argument => argument.Path)
        );
    }

    [Fact]
    public void Discover_PipeAndDevice_AreNamedAndNotOpened()
    {
        if (OperatingSystem.IsWindows())
            return;
        Write("one.safetensors", EmbeddingFormat.Diffusers, "<one>");
        using (var make = System.Diagnostics.Process.Start("mkfifo", [folder.File("pipe.pt"), folder.File("card.png")]))
            make.WaitForExit();
        File.CreateSymbolicLink(folder.File("device.bin"), "/dev/zero");

        using var set = EmbeddingSet.Discover(folder.Path, warnings.Add);

        Assert.Equal(folder.File("one.safetensors"), Assert.Single(set.Arguments).Path);
        Assert.Equal(
            ["card.png: is a named pipe", "device.bin: is a device", "pipe.pt: is a named pipe"],
            warnings.Select(warning => Path.GetFileName(warning.Split(", not a file")[0])).Order()
        );
    }

    [Theory]
    [InlineData("tom_v2", "<tom_v2>")]
    [InlineData("my style", "<my-style>")]
    public void Load_TriggerThatCannotBeAPlaceholder_BecomesOne(string stem, string expected)
    {
        var path = Write($"{stem}.pt", EmbeddingFormat.WebUi, "cat");
        using var set = EmbeddingSet.Load([new EmbeddingArgument(path)]);
        Assert.Equal(expected, Assert.Single(set.Placeholders([2])).Name);
    }

    [Fact]
    public void Load_FileTriggerOrFolder_IsTaken()
    {
        var path = Write("tom_v2.safetensors", EmbeddingFormat.WebUiSafetensors, "tom_v2");
        foreach (
            var (argument, expected) in new[]
            {
                (path, "<tom_v2>"),
                ($"{path}=our-cat", "<our-cat>"),
                (folder.Path, "<tom_v2>"),
            }
        )
        {
            using var set = EmbeddingSet.Load([EmbeddingArgument.Parse(argument)], warnings.Add);
            Assert.Equal(expected, Assert.Single(set.Embeddings).Trigger);
        }
    }

    [Fact]
    public void Initializer_File_GivesItsRowsIfTheyFit()
    {
        var path = Write("cat.safetensors", EmbeddingFormat.Diffusers, "<cat>");
        Assert.Equal([1, 2], Assert.Single(InitializerFile.TryRead(path, 1, [2])!).shape);
        Assert.Null(InitializerFile.TryRead("cat", 1, [2]));
        Assert.Contains(
            "train 1",
            Assert.Throws<TextualInversionException>(() => InitializerFile.TryRead(path, 3, [2])).Message
        );
        Assert.Contains(
            "2 wide and the model's 128",
            Assert.Throws<TextualInversionException>(() => InitializerFile.TryRead(path, 1, [128])).Message
        );
        Assert.Contains(
            "no such file",
            Assert.Throws<TextualInversionException>(() => InitializerFile.TryRead("nowhere.pt", 1, [2])).Message
        );
    }

    private string Write(string name, EmbeddingFormat layout, string trigger)
    {
        using var embedding = new LearnedEmbedding(
            trigger,
            [tensor(new[] { 1f, 2 }, [1, 2])],
            new Dictionary<string, string>()
        );
        EmbeddingFile.Write(folder.File(name), layout, embedding, overwrite: false);
        return folder.File(name);
    }
}
