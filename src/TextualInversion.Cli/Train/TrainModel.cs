using TextualInversion.Checkpoints;
using TextualInversion.Cli.ModelAccess;
using TextualInversion.Cli.Terminal;
using TextualInversion.Models;
using TextualInversion.Schedulers;
using TextualInversion.Training.Estimates;

namespace TextualInversion.Cli.Train;

/// <summary>The frozen model of a training, found and loaded.</summary>
internal sealed class TrainModel : IDisposable
{
    private TrainModel(string name, IModelFiles files, TrainRequest request)
    {
        Name = name;
        Files = files;
        (var device, Precision) = ModelLoader.Resolve(request.Device, request.Precision);
        Noise = new NoiseSchedule(ModelScheduler.Load(files, request.Model.Prediction));
        Network = ModelLoader.Open(files, device, Precision);
        ChooseMemory(request.Options);
    }

    /// <summary>The name that embeddings and <c>run.json</c> record.</summary>
    public string Name { get; }

    public IModelFiles Files { get; }

    public IDiffusionModel Network { get; }

    public NoiseSchedule Noise { get; }

    /// <summary>The precision of the U-Net, never <see cref="TextualInversion.Precision.Auto"/>.</summary>
    public Precision Precision { get; }

    /// <summary>
    /// Whether gradients are computed with gradient checkpointing. It may be switched on while training.
    /// </summary>
    public bool UsesGradientCheckpointing => Network.UsesGradientCheckpointing;

    /// <param name="request">The arguments.</param>
    /// <param name="models">Finds models.</param>
    /// <param name="messages">Shows the progress of a download.</param>
    /// <param name="cancellationToken">Stops a download.</param>
    /// <exception cref="TextualInversionException">
    /// There is no such model or device, or a file of the model is missing, truncated or of another model.
    /// </exception>
    public static async Task<TrainModel> OpenAsync(
        TrainRequest request,
        ModelLocator models,
        ConsoleLog messages,
        CancellationToken cancellationToken
    )
    {
        var (name, files) = await models.FindAsync(request.Model, recorded: null, messages, cancellationToken);
        return new TrainModel(name, files, request);
    }

    /// <summary>Decides how memory is saved, for a training with these options.</summary>
    /// <exception cref="TextualInversionException">A file of the model is missing or malformed.</exception>
    public void ChooseMemory(TrainOptions options) =>
        MemoryChoice.Of(options, Files, Network.Device, Network.Type).ApplyTo(Network);

    public void Dispose() => Network.Dispose();
}
