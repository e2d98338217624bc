namespace TextualInversion.Training.Data;

/// <summary>
/// The purpose of random numbers. Each has a sequence of its own, so one option does not change what is drawn for
/// another. The values are part of the sequence: never change them.
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
