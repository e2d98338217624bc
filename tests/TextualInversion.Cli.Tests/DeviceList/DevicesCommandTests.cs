using System.Text.Json;
using TextualInversion.Cli.DeviceList;
using TextualInversion.Native;

namespace TextualInversion.Cli.Tests.DeviceList;

public sealed class DevicesCommandTests
{
    private const long Gib = 1L << 30;

    [Fact]
    public async Task Devices_Json_HasTheCpuAndLibtorch()
    {
        var (exitCode, output, error) = await TiRunner.RunAsync("devices", "--json");

        Assert.True(exitCode == 0, error);
        var report = JsonDocument.Parse(output).RootElement;
        var cpu = report.GetProperty("devices").EnumerateArray().Single(IsCpu);
        Assert.Equal("fp32", cpu.GetProperty("precision").GetString());
        Assert.True(cpu.GetProperty("totalBytes").GetInt64() >= cpu.GetProperty("freeBytes").GetInt64());
        Assert.StartsWith("0.", report.GetProperty("torchSharp").GetString(), StringComparison.Ordinal);
        if (OperatingSystem.IsLinux())
            Assert.StartsWith(
                "2.10.",
                report.GetProperty("libtorch").GetProperty("version").GetString(),
                StringComparison.Ordinal
            );

        static bool IsCpu(JsonElement device) => device.GetProperty("name").GetString() == "cpu";
    }

    [Fact]
    public void Write_Gpus_ShowsWhatAutoChooses()
    {
        var devices = DeviceReport.All(cudaDevices: 2, Describe, hasMps: false);
        using var text = new StringWriter { NewLine = "\n" };

        DevicesTable.Write(text, DevicesJson.Of(devices, new LibtorchReport("2.10.0", "/opt/torch/lib")));

        var lines = text.ToString().Split('\n');
        const string First = "cuda:0  RTX   12.0 GiB  11.0 GiB  8.6         bf16       on for SD 2.1, SDXL";
        Assert.Equal(First, Squeezed(lines[1]));
        Assert.StartsWith("cuda:1  CUDA device  ", lines[2], StringComparison.Ordinal);
        Assert.Contains("--device auto chooses cuda:0.", text.ToString(), StringComparison.Ordinal);
        Assert.Contains("libtorch 2.10.0 from /opt/torch/lib", text.ToString(), StringComparison.Ordinal);

        static CudaDevice? Describe(int index) =>
            index == 0 ? new CudaDevice("RTX", new Version(8, 6), 11 * Gib, 12 * Gib) : null;

        // The width of the name's column is that of this machine's processor.
        static string Squeezed(string line) => System.Text.RegularExpressions.Regex.Replace(line, "(?<=RTX) +", "   ");
    }
}
