using System.Runtime.ExceptionServices;
using TextualInversion.Models;
using TextualInversion.Native;
using TextualInversion.Training.Data;
using static TorchSharp.torch;

namespace TextualInversion.Training;

/// <summary>The pass of one concept's batch, forward and backward, which others may share.</summary>
/// <param name="number">The concept's place in a shared batch.</param>
/// <param name="name">The concept's name in messages.</param>
/// <param name="model">The frozen model, the same for all concepts.</param>
/// <param name="learner">The concept's learner, which receives the gradient.</param>
/// <param name="batch">Its batch.</param>
internal sealed class ConceptPass(int number, string name, IDiffusionModel model, Learner learner, TrainingBatch batch)
    : IDisposable
{
    private readonly ManualResetEventSlim done = new();
    private Tensor? loss; // in no dispose scope
    private ExceptionDispatchInfo? problem;

    public int Number => number;

    public string Name => name;

    /// <summary>The height and width of the latents. Passes of one shape fit into one batch.</summary>
    public (long Height, long Width) Shape => (batch.Latents.shape[2], batch.Latents.shape[3]);

    /// <summary>
    /// Computes the losses of concepts in one U-Net batch, and adds the gradient of each concept's own mean loss to its
    /// learner. The sum of the losses is differentiated; no vector of one concept is in the loss of another.
    /// </summary>
    /// <param name="passes">One pass of each concept, of one shape.</param>
    public static void Compute(IReadOnlyList<ConceptPass> passes)
    {
        using var scope = NewDisposeScope();
        var model = passes[0].Model;
        var prepared = passes.Select(pass => pass.Learner.Prepare(pass.Batch)).ToList();
        var prediction = model.PredictNoise(
            cat([.. prepared.Select(each => each.NoisyLatents)], dim: 0), // (sum of B, 4, h, w)
            cat([.. prepared.Select(each => each.Timesteps)], dim: 0), // (sum of B)
            prepared.Select(each => each.Conditioning).Aggregate(Conditioning.Concatenate)
        );
        var losses = new List<Tensor>();
        Tensor? sum = null;
        long first = 0;
        foreach (var (pass, own) in passes.Zip(prepared))
        {
            var count = own.NoisyLatents.shape[0];
            losses.Add(pass.Learner.Loss(own, prediction.narrow(0, first, count)));
            var scaled = pass.Learner.Scaled(losses[^1]);
            sum = sum?.Plus(scaled) ?? scaled;
            first += count;
        }

        model.Backward(sum!);
        foreach (var (pass, each) in passes.Zip(losses))
            pass.loss = each.detach().DetachFromDisposeScope();
    }

    private IDiffusionModel Model => model;

    private Learner Learner => learner;

    private TrainingBatch Batch => batch;

    /// <summary>The pass fails for its concept.</summary>
    public void Fail(Exception error) => problem = ExceptionDispatchInfo.Capture(error);

    /// <summary>Lets <see cref="Wait"/> return.</summary>
    public void Complete() => done.Set();

    public void Wait() => done.Wait();

    /// <summary>The loss, a scalar in the caller's dispose scope. Throws what <see cref="Fail"/> was given.</summary>
    public Tensor Loss()
    {
        problem?.Throw();
        return loss!.alias();
    }

    public void Dispose()
    {
        loss?.Dispose();
        done.Dispose();
    }
}
