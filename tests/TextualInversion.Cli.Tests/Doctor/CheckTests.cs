using TextualInversion.Cli.Doctor;
using TextualInversion.Hub;
using TextualInversion.Native;
using TextualInversion.Tests.Fixtures;

namespace TextualInversion.Cli.Tests.Doctor;

/// <summary>The single checks of <c>ti doctor</c>, on machines that this one is not.</summary>
public sealed class CheckTests : IDisposable
{
    private const long Gib = 1L << 30;

    private readonly TemporaryFolder folder = new();
    private readonly Diagnoses found = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData(64, 60, nameof(Health.Ok), "enough to train SD 1.5, SD 2.1, SDXL")]
    [InlineData(64, 3, nameof(Health.Warning), "close other programs first")]
    [InlineData(3, 2, nameof(Health.Warning), "only --model demo")]
    [InlineData(0, 0, nameof(Health.Problem), "too little for any training")]
    public void Memory_Size_SaysWhatCanBeTrained(int total, int free, string health, string message)
    {
        TorchCheck.Memory(Cpu(new MemoryBudget(total * Gib, free * Gib)), found);

        AssertOnly(health, message);
    }

    [Fact]
    public void Memory_DriverThatDoesNotSay_IsOk()
    {
        TorchCheck.Memory(Cpu(MemoryBudget.OfGpu(null)), found);

        AssertOnly(nameof(Health.Ok), "does not say");
    }

    [Theory]
    [InlineData(1, 8, nameof(Health.Ok), "1 on 8 processors")]
    [InlineData(8, 2, nameof(Health.Warning), "OMP_NUM_THREADS=2")]
    public void Threads_Number_IsComparedWithTheProcessors(int threads, int processors, string health, string message)
    {
        TorchCheck.Threads(threads, processors, found);

        AssertOnly(health, message);
    }

    [Fact]
    public void Device_GpuThatThisLibtorchDoesNotUse_IsAWarning()
    {
        var gpu = new CudaDevice("RTX 4090", new Version(8, 9), 20 * Gib, 24 * Gib);

        TorchCheck.Device(Cpu(new MemoryBudget(Gib, Gib)), gpu, found);

        AssertOnly(nameof(Health.Warning), "although RTX 4090 is there");
    }

    [Fact]
    public void Storage_TooLittleSpace_SaysHowMuchIsNeeded()
    {
        StorageCheck.Run("folder", folder.File("a/b"), long.MaxValue, Health.Problem, "choose another", found);

        AssertOnly(nameof(Health.Problem), " are needed; free some space, or choose another");
        Assert.Empty(Directory.GetFileSystemEntries(folder.Path));
    }

    [Fact]
    public void Leftovers_None_AreOk()
    {
        LeftoverCheck.Run(new HubCache(folder.File("hub")), folder.Path, found);

        AssertOnly(nameof(Health.Ok), "none");
    }

    [Fact]
    public void Leftovers_OfEveryKind_AreNamedWithWhatToDo()
    {
        folder.Write("hub/models--artist--tiny/blobs/0123.incomplete", new byte[2_000_000]);
        folder.Write("hub/models--artist--tiny/blobs/4567", new byte[10]);
        folder.Write("runs/stopped/state.safetensors", "");
        folder.Write("runs/done/state.safetensors", "");
        folder.Write("runs/done/run.json", "");
        folder.Write("embeddings/.my-cat.safetensors.12-ab.tmp", "");

        LeftoverCheck.Run(new HubCache(folder.File("hub")), folder.Path, found);

        Assert.All(found.All, each => Assert.Equal(Health.Warning, each.Health));
        Assert.Collection(
            found.All,
            each => Assert.StartsWith("2.0 MB of an interrupted download of artist/tiny", each.Message),
            each => Assert.Contains($"ti train --resume {folder.File("runs/stopped")}", each.Message),
            each => Assert.Contains(".my-cat.safetensors.12-ab.tmp", each.Message)
        );
    }

    [Fact]
    public void Leftovers_RunInProgress_IsNotOne()
    {
        using var run = new TextualInversion.Training.RunFiles.RunFolder(folder.File("runs/now"), overwrite: false);
        folder.Write("runs/now/state.safetensors", "");

        LeftoverCheck.Run(new HubCache(folder.File("hub")), folder.Path, found);

        AssertOnly(nameof(Health.Ok), "none");
    }

    private static DeviceReport Cpu(MemoryBudget budget) => new("cpu", "CPU", budget, null, Precision.Fp32);

    private void AssertOnly(string health, string message)
    {
        var only = Assert.Single(found.All);
        Assert.Equal(health, only.Health.ToString());
        Assert.Contains(message, only.Message, StringComparison.Ordinal);
    }
}
