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
    private (ModelRequest Model, string Loras, string Device, Precision Precision)? opened;

    public ModelLocator Locator => locator;

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
        var loras = string.Join('\n', request.Model.UsedLoras);
        var wanted = (request.Model with { Loras = null }, loras, request.Device, request.Precision);
        if (model is not null && opened == wanted)
        {
            model.ChooseMemory(request.Options);
            return model;
        }

        Dispose(); // before the next one takes its memory
        model = await TrainModel.OpenAsync(request, locator, messages, cancellationToken);
        opened = wanted;
        return model;
    }

    public void Dispose()
    {
        model?.Dispose();
        (model, opened) = (null, null);
    }
}
