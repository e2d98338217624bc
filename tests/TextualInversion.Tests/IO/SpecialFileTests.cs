using TextualInversion.Checkpoints;
using TextualInversion.Data;
using TextualInversion.IO;
using TextualInversion.Models.Tokenizers;
using TextualInversion.Tensors;
using TextualInversion.Tests.Fixtures;
using TextualInversion.Training.RunFiles;

namespace TextualInversion.Tests.IO;

public sealed class SpecialFileTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public static TheoryData<string> Readers => [.. ByName.Keys];

    private static Dictionary<string, Action<string>> ByName { get; } =
        new()
        {
            ["1.txt"] = path => Captions.Read(Path.ChangeExtension(path, ".png")),
            ["config.json"] = path => ConfigJson.ReadText(path),
            ["vocab.json"] = path => TokenizerFile.ReadText(path),
            ["metrics.csv"] = path => MetricsTable.Read(path),
            ["resumed.csv"] = path => new MetricsFile(path, resumeFrom: 1).Dispose(),
            ["state.safetensors"] = path => SafetensorsFile.Open(path),
            ["events.out.tfevents.ti"] = path => new EventFile(path, resumeFrom: 1, TimeProvider.System).Dispose(),
        };

    public void Dispose() => folder.Dispose();

    [Theory]
    [MemberData(nameof(Readers))]
    public void Read_NamedPipe_IsRefused(string name)
    {
        if (!NamedPipe.IsKnown)
            return;
        var path = NamedPipe.Make(folder.File(name));

        var error = Assert.Throws<TextualInversionException>(() => ByName[name](path));

        Assert.StartsWith($"{path}: is a named pipe", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Find_DeadLinkOrMissing_IsNull()
    {
        File.CreateSymbolicLink(folder.File("link"), folder.File("nowhere"));

        Assert.Null(SpecialFile.Find(folder.File("link")));
        Assert.Null(SpecialFile.Find(folder.File("nowhere")));
    }
}
