using TextualInversion.Checkpoints;
using TextualInversion.Cli.ModelAccess;
using TextualInversion.Cli.Terminal;
using TextualInversion.Models;
using TextualInversion.Schedulers;
using TextualInversion.Training.Estimates;

namespace TextualInversion.Cli.Train;

/// <summary>The frozen model that a word is learned on, found and loaded.</summary>
internal sealed class TrainModel : IDisposable
{
    private TrainModel(string name, IModelFiles files, TrainRequest request)
    {
        Name = name;
        Files = files;
        UsesGradientCheckpointing = MemoryBudget.UsesCheckpointing(
            request.Options.GradientCheckpointing,
            () => request.Memory(files)
        );
        Noise = new NoiseSchedule(ModelScheduler.Load(files, request.Model.Prediction));
        Network = ModelLoader.Open(files, request.Device, request.Precision, UsesGradientCheckpointing);
    }

    /// <summary>As it is recorded.</summary>
    public string Name { get; }

    public IModelFiles Files { get; }

    public IDiffusionModel Network { get; }

    public NoiseSchedule Noise { get; }

    /// <summary>Whether gradients are computed with gradient checkpointing.</summary>
    public bool UsesGradientCheckpointing { get; }

    /// <param name="request">What was asked.</param>
    /// <param name="models">Finds models.</param>
    /// <param name="messages">Shows the progress of a download.</param>
    /// <param name="cancellationToken">Stops a download.</param>
    /// <exception cref="TextualInversionException">
    /// There is no such model or device, or a file of it is missing, truncated or another's.
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

    public void Dispose() => Network.Dispose();
}
