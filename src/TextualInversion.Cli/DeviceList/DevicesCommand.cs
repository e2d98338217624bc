using System.CommandLine;
using TextualInversion.Cli.Infrastructure;
using TextualInversion.Native;

namespace TextualInversion.Cli.DeviceList;

/// <summary><c>ti devices</c>: what this machine and this build can compute on.</summary>
internal sealed class DevicesCommand : CommandBase
{
    private readonly PathOption libtorch = SharedOptions.Libtorch();
    private readonly Option<bool> json = SharedOptions.Json();

    public DevicesCommand()
        : base(
            "devices",
            "List the devices that ti can use, and what --precision auto and --gradient-checkpointing auto choose "
                + "there."
        )
    {
        AddGroup("Machine", libtorch);
        AddGroup("Output", json);
        SetAction(Run);
    }

    public override IReadOnlyList<string> Examples => ["ti devices"];

    private int Run(ParseResult parsed)
    {
        var report = DevicesJson.Of(DeviceReport.All(), TorchRuntime.Describe());
        var output = parsed.InvocationConfiguration.Output;
        if (parsed.GetValue(json))
            output.WriteLine(JsonOutput.Serialize(report));
        else
            DevicesTable.Write(output, report);
        return 0;
    }
}
