using TextualInversion.Native;
using TextualInversion.Tests.Fixtures;
using TorchSharp;

namespace TextualInversion.Tests.Native;

public sealed class TorchLibrariesTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Expected_Version_IsWhatTorchSharpWasBuiltFor() =>
        Assert.Equal(LibtorchVersion.Expected.ToString(2), string.Join('.', torch.__version__.Split('.').Take(2)));

    [Fact]
    public void Describe_LibtorchOfTheTests_NamesVersionAndFolder()
    {
        if (!OperatingSystem.IsLinux())
            return;
        var report = TorchRuntime.Describe();

        Assert.StartsWith($"{LibtorchVersion.Expected}.", report.Version, StringComparison.Ordinal);
        Assert.True(File.Exists(Path.Combine(report.Folder!, LibtorchFolder.Core)));
    }

    [Fact]
    public void Decode_NumberOfTheLibrary_IsItsVersion() =>
        Assert.Equal(new Version(2, 13, 1), LibtorchVersion.Decode(0x020d_0100_0000_0000));

    [Fact]
    public void Warning_AnotherMinorVersion_NamesBoth()
    {
        Assert.Null(LibtorchVersion.Warning("folder", new Version(2, 10, 3)));
        var warning = LibtorchVersion.Warning("folder", new Version(2, 11, 0))!;
        Assert.Contains("2.11.0", warning, StringComparison.Ordinal);
        Assert.Contains("2.10", warning, StringComparison.Ordinal);
        Assert.Contains("unknown version", LibtorchVersion.Warning("folder", null), StringComparison.Ordinal);
    }

    [Fact]
    public void Require_FolderWithoutLibtorch_SaysWhatToName()
    {
        var error = Assert.Throws<TextualInversionException>(() => LibtorchFolder.Require(folder.Path));

        Assert.Contains("torch.__path__", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Require_FolderOfPyTorch_FindsItsLibraries()
    {
        if (!OperatingSystem.IsLinux())
            return;
        folder.Write("torch/lib/libtorch.so", "");
        folder.Write("torch/lib/libtorch_cpu.so", "");

        Assert.Equal(folder.File("torch/lib"), LibtorchFolder.Require(folder.File("torch")));
    }

    [Fact]
    public void Undefined_BridgeOfTorchSharp_AreFunctionsOfLibtorch()
    {
        if (!OperatingSystem.IsLinux())
            return;
        var bridge = LibtorchFolder.FindInProgram(BridgeLibrary.Name)!;

        var names = ElfSymbols.Undefined(File.ReadAllBytes(bridge));

        Assert.Contains(names, name => name.StartsWith("_ZN2at", StringComparison.Ordinal));
        Assert.InRange(names.Count, 500, 5000);
    }
}
