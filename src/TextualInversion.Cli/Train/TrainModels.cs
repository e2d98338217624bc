using TextualInversion.Cli.ModelAccess;
using TextualInversion.Cli.Terminal;

namespace TextualInversion.Cli.Train;

/// <summary>
/// Opens the models of trainings, and keeps the last one open: a frozen model serves any number of trainings, one after
/// another.
/// </summary>
/// <param name="locator">Finds models.</param>
internal sealed class TrainModels(ModelLocator locator) : IDisposable
{
    private TrainModel? model;
    private object? opened;
    private int concepts = 1; // in a U-Net batch

    public ModelLocator Locator => locator;

    /// <summary>What decides which model is open. Trainings of one kind may share U-Net batches.</summary>
    public static object KindOf(TrainRequest request)
    {
        var loras = string.Join('\n', request.Model.UsedLoras);
        return (request.Model with { Loras = null }, loras, request.Device, request.Precision);
    }

    /// <summary>Decides how many concepts share a U-Net batch from now on.</summary>
    /// <param name="asked">The number that was asked for, or null to decide by the device and its memory.</param>
    /// <param name="request">The arguments of one of the trainings.</param>
    /// <param name="messages">See <see cref="OpenAsync"/>.</param>
    /// <param name="cancellationToken">See <see cref="OpenAsync"/>.</param>
    public async Task<int> ChooseConceptsAsync(
        int? asked,
        TrainRequest request,
        ConsoleLog messages,
        CancellationToken cancellationToken
    )
    {
        concepts = asked ?? 1;
        try
        {
            return concepts =
                asked ?? (await OpenAsync(request, messages, cancellationToken)).ConceptsAtOnce(request.Options);
        }
        catch (TextualInversionException)
        {
            return concepts; // the training itself says what is wrong
        }
    }

    /// <summary>The model of a training: the one that is open if it is the same.</summary>
    /// <param name="request">The arguments.</param>
    /// <param name="messages">Shows the progress of a download.</param>
    /// <param name="cancellationToken">Stops a download.</param>
    /// <returns>A model that is open until the next call asks for another one.</returns>
    /// <exception cref="TextualInversionException">
    /// There is no such model or device, or a file of the model is missing, truncated or of another model.
    /// </exception>
    public async Task<TrainModel> OpenAsync(
        TrainRequest request,
        ConsoleLog messages,
        CancellationToken cancellationToken
    )
    {
        var wanted = KindOf(request);
        if (model is not null && wanted.Equals(opened))
        {
            model.ChooseMemory(request.Options, concepts);
            return model;
        }

        Dispose(); // before the next one takes its memory
        model = await TrainModel.OpenAsync(request, concepts, locator, messages, cancellationToken);
        opened = wanted;
        return model;
    }

    public void Dispose()
    {
        model?.Dispose();
        (model, opened) = (null, null);
    }
}
