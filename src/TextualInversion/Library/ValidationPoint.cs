namespace TextualInversion;

/// <summary>
/// The losses of one validation. They are comparable over all steps of a training, and with other trainings on the same
/// images.
/// </summary>
/// <param name="Step">The number of steps before it.</param>
/// <param name="Loss">
/// The mean loss over the same images, noise, timesteps and prompts as in every other validation.
/// </param>
/// <param name="RelativeLoss">
/// The geometric mean of each example's loss, relative to its loss with an empty prompt; 1 is as good as no word. The
/// embedding with the lowest is kept: all timesteps count alike in it, while the loss is mostly that of the small ones.
/// </param>
/// <param name="HeldOutLoss">The loss of the held-out image, or null if no image is held out.</param>
public sealed record ValidationPoint(int Step, double Loss, double RelativeLoss, double? HeldOutLoss);
