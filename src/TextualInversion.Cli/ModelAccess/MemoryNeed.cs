namespace TextualInversion.Cli.ModelAccess;

/// <summary>The memory that a training takes, and that there is.</summary>
/// <param name="EstimatedBytes">without gradient checkpointing</param>
/// <param name="AvailableBytes">to this process, or on a usual CUDA device, which cannot be asked here</param>
internal sealed record MemoryNeed(long EstimatedBytes, long AvailableBytes)
{
    private const double ShareOfMemory = 0.8; // the rest is for the images, the system and the error of the estimate

    public bool Fits => EstimatedBytes <= AvailableBytes * ShareOfMemory;
}
