using TextualInversion.Models.Unets;
using TextualInversion.Native;

namespace TextualInversion.Training.Estimates;

/// <summary>The size of a published model, to describe a device before a model is chosen.</summary>
/// <param name="Name">Its name.</param>
/// <param name="LatentSide">The side of the latents of the images that it was trained on.</param>
/// <param name="Sizes">Its networks.</param>
internal sealed record PublishedModel(string Name, int LatentSide, NetworkSizes Sizes)
{
    private static readonly UNetConfig FourLevels = new()
    {
        BlockOutChannels = [320, 640, 1280, 1280],
        DownBlockTypes = ["CrossAttnDownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D", "DownBlock2D"],
        UpBlockTypes = ["UpBlock2D", "CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "CrossAttnUpBlock2D"],
        CrossAttentionDim = 768,
    };

    private static readonly UNetConfig ThreeLevels = new()
    {
        BlockOutChannels = [320, 640, 1280],
        DownBlockTypes = ["DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"],
        UpBlockTypes = ["CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"],
        TransformerLayersPerBlock = [1, 2, 10],
        CrossAttentionDim = 2048,
    };

    /// <summary>The models that most others were fine-tuned from, at their own resolutions.</summary>
    public static IReadOnlyList<PublishedModel> All { get; } =
    [
        new("SD 1.5", 64, new NetworkSizes(123_060_480, 859_520_964, FourLevels)),
        new("SD 2.1", 96, new NetworkSizes(340_387_840, 865_910_724, FourLevels)),
        new("SDXL", 128, new NetworkSizes(123_060_480 + 694_659_840, 2_567_463_684, ThreeLevels)),
    ];

    /// <summary>Whether a training with the default options would start with gradient checkpointing on a
    /// device.</summary>
    public bool NeedsCheckpointing(DeviceReport device)
    {
        var type = PrecisionChoice.TypeOf(device.Precision);
        var batch = new TrainOptions().BatchSize;
        return TrainingMemory.Estimate(Sizes, LatentSide, batch, type, default) > device.Budget.ForTraining;
    }
}
