namespace TextualInversion.Cli.Bench;

/// <summary>The result of <c>ti bench</c>.</summary>
/// <param name="Model">The model.</param>
/// <param name="Device">The device that computed.</param>
/// <param name="Product">The name of the product, on the CPU with the number of threads.</param>
/// <param name="Precision">What the U-Net computed in.</param>
/// <param name="Resolution">The side of the images in pixels.</param>
/// <param name="Batch">The images in a step.</param>
/// <param name="Steps">The steps that were measured.</param>
/// <param name="GradientCheckpointing">Whether activations were computed again instead of being kept.</param>
/// <param name="Start">The time before the measured steps.</param>
/// <param name="Step">The step whose duration is the median.</param>
/// <param name="BareUnet">The U-Net alone.</param>
/// <param name="Operations">Floating-point operations.</param>
/// <param name="PeakBytes">The most memory of the training: on a GPU what its driver says, else the
/// process's.</param>
/// <param name="Generation">An image, or null if none was asked for.</param>
internal sealed record BenchResult(
    string Model,
    string Device,
    string Product,
    Precision Precision,
    int Resolution,
    int Batch,
    int Steps,
    bool GradientCheckpointing,
    StartTimes Start,
    StepTimes Step,
    BareUNetTimes BareUnet,
    OperationCounts Operations,
    long PeakBytes,
    GenerationTimes? Generation
);

/// <summary>The time from opening the model to the end of the first step.</summary>
/// <param name="OpenSeconds">Opening the model, with reading the tokenizers and the text encoders.</param>
/// <param name="LoadVaeEncoderSeconds">Reading the VAE's encoder.</param>
/// <param name="LoadUnetSeconds">Reading the U-Net.</param>
/// <param name="EncodeImageSeconds">Encoding one image.</param>
/// <param name="FirstStepSeconds">The first step, which also pays for initialization.</param>
/// <param name="TimeToFirstStepSeconds">All of it, with hashing the VAE.</param>
internal sealed record StartTimes(
    double OpenSeconds,
    double LoadVaeEncoderSeconds,
    double LoadUnetSeconds,
    double EncodeImageSeconds,
    double FirstStepSeconds,
    double TimeToFirstStepSeconds
)
{
    /// <summary>The time of reading the model.</summary>
    public double LoadSeconds => OpenSeconds + LoadVaeEncoderSeconds + LoadUnetSeconds;
}

/// <summary>A training step and its parts.</summary>
/// <param name="Seconds">The whole step.</param>
/// <param name="TextEncoderSeconds">The text encoders' forward pass.</param>
/// <param name="UnetForwardSeconds">The U-Net's forward pass.</param>
/// <param name="BackwardSeconds">The backward pass through the U-Net, and through the text encoders to the
/// vectors.</param>
/// <param name="ImagesPerSecond">The images of the batch, divided by the duration.</param>
internal sealed record StepTimes(
    double Seconds,
    double TextEncoderSeconds,
    double UnetForwardSeconds,
    double BackwardSeconds,
    double ImagesPerSecond
)
{
    /// <summary>The rest: drawing the batch, the loss, the optimizer.</summary>
    public double RestSeconds => Seconds - TextEncoderSeconds - UnetForwardSeconds - BackwardSeconds;
}

/// <summary>The U-Net alone, with the same batch; each time is a median.</summary>
/// <param name="ForwardSeconds">The forward pass.</param>
/// <param name="BackwardSeconds">The backward pass to the conditioning.</param>
internal sealed record BareUNetTimes(double ForwardSeconds, double BackwardSeconds)
{
    public double Seconds => ForwardSeconds + BackwardSeconds;
}

/// <summary>About how many floating-point operations the U-Net takes, and how many the device does.</summary>
/// <param name="UnetForward">Those of a forward pass of the batch.</param>
/// <param name="UnetBackward">Those of a backward pass of the batch.</param>
/// <param name="StepPerSecond">Both, divided by the duration of a step.</param>
/// <param name="MatrixProductPerSecond">Those of a large matrix product in the same type, in a second.</param>
internal sealed record OperationCounts(
    double UnetForward,
    double UnetBackward,
    double StepPerSecond,
    double MatrixProductPerSecond
)
{
    /// <summary>The share of the matrix product's speed that the step reaches.</summary>
    public double Share => StepPerSecond / MatrixProductPerSecond;
}

/// <summary>The generation of one image with guidance, a batch of two.</summary>
/// <param name="Steps">The sampling steps.</param>
/// <param name="SecondsPerImage">The whole image, with the VAE's decoder.</param>
internal sealed record GenerationTimes(int Steps, double SecondsPerImage);
