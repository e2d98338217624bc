using TextualInversion.Native;
using TextualInversion.Tests.Fixtures;

namespace TextualInversion.Tests.Native;

public sealed class ElfFileTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void IsCutOff_LibraryOfEachLength_IsTrueUntilItsLastSegment()
    {
        if (!OperatingSystem.IsLinux())
            return;
        var library = LibtorchFolder.FindInProgram(BridgeLibrary.Name)!;
        var content = File.ReadAllBytes(library);
        bool Is(int length)
        {
            File.WriteAllBytes(folder.File("cut"), content[..length]);
            return ElfFile.IsCutOff(folder.File("cut"));
        }

        Assert.False(ElfFile.IsCutOff(library));
        Assert.False(Is(63)); // the system says that it is too short
        Assert.True(Is(64));
        Assert.True(Is(200));
        Assert.True(Is(content.Length / 2));
    }

    [Fact]
    public void IsCutOff_OtherFiles_IsFalse()
    {
        folder.Write("text", new string('x', 100));

        Assert.False(ElfFile.IsCutOff(folder.File("text")));
        Assert.False(ElfFile.IsCutOff(folder.File("missing")));
        Assert.False(ElfFile.IsCutOff(folder.Path));
    }
}
