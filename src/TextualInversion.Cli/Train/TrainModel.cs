using TextualInversion.Checkpoints;
using TextualInversion.Cli.ModelAccess;
using TextualInversion.Cli.Terminal;
using TextualInversion.Models;
using TextualInversion.Native;
using TextualInversion.Schedulers;
using TextualInversion.Training;
using TextualInversion.Training.Estimates;

namespace TextualInversion.Cli.Train;

/// <summary>The frozen model of a training, found and loaded.</summary>
internal sealed class TrainModel : IDisposable
{
    private readonly MemoryBudget budget; // before the model was loaded
    private IReadOnlyDictionary<string, string>? ownHashes;

    private TrainModel(string name, IModelFiles files, TrainRequest request, int concepts)
    {
        Name = name;
        Files = files;
        (var device, Precision) = ModelLoader.Resolve(request.Device, request.Precision);
        budget = MemoryBudget.Of(device);
        Noise = new NoiseSchedule(ModelScheduler.Load(files, request.Model.Prediction));
        Network = ModelLoader.Open(files, device, Precision);
        ChooseMemory(request.Options, concepts);
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

    /// <summary>The hashes of its weights without LoRAs, see <see cref="Training.OwnWeights"/>.</summary>
    public IReadOnlyDictionary<string, string> OwnHashes => ownHashes ??= OwnWeights.Hashes(Network, Files);

    /// <param name="request">The arguments.</param>
    /// <param name="concepts">The number of concepts in a U-Net batch.</param>
    /// <param name="models">Finds models.</param>
    /// <param name="messages">Shows the progress of a download.</param>
    /// <param name="cancellationToken">Stops a download.</param>
    /// <exception cref="TextualInversionException">
    /// There is no such model or device, or a file of the model is missing, truncated or of another model.
    /// </exception>
    public static async Task<TrainModel> OpenAsync(
        TrainRequest request,
        int concepts,
        ModelLocator models,
        ConsoleLog messages,
        CancellationToken cancellationToken
    )
    {
        var (name, files) = await models.FindAsync(request.Model, recorded: null, messages, cancellationToken);
        return new TrainModel(name, files, request, concepts);
    }

    /// <summary>Decides how memory is saved, for trainings with these options.</summary>
    /// <param name="options">The options of one of them.</param>
    /// <param name="concepts">The number of concepts in a U-Net batch.</param>
    /// <exception cref="TextualInversionException">A file of the model is missing or malformed.</exception>
    public void ChooseMemory(TrainOptions options, int concepts) =>
        MemoryChoice
            .Of(options with { BatchSize = concepts * options.BatchSize }, Files, budget, Network.Type)
            .ApplyTo(Network);

    /// <summary>How many concepts with such options share a U-Net batch where nothing else is said.</summary>
    /// <exception cref="TextualInversionException">A file of the model is missing or malformed.</exception>
    public int ConceptsAtOnce(TrainOptions options) =>
        ConceptCount.Of(options, Files, Network.Device, budget, Network.Type);

    public void Dispose() => Network.Dispose();
}
