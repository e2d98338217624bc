namespace TextualInversion.Training.Data;

/// <summary>
/// The purpose of random numbers. Each purpose has its own sequence, so that an option for one does not change the
/// numbers of another. The values are part of the seeds: never change them.
/// </summary>
internal enum RandomStream
{
    Order = 0,
    Prompt = 1,
    Flip = 2,
    Timestep = 3,
    Noise = 4,
    ShapeOrder = 5,
}
