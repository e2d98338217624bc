using TextualInversion.Training;

namespace TextualInversion.Cli.Sweep.Work;

/// <summary>
/// Cells that are trained at once share a loaded model, so those of another one wait until they are over.
/// </summary>
/// <param name="all">The cells that share U-Net batches.</param>
internal sealed class ModelsInUse(ConceptsAtOnce all)
{
    private readonly Lock guard = new();
    private object? kind;
    private int seats;

    /// <summary>Takes a place among the cells that are trained, until it is disposed of.</summary>
    /// <param name="wanted">The kind of the cell, see <see cref="ICellRunner.KindOf"/>.</param>
    /// <returns>The place, or null while cells of another kind are trained.</returns>
    public Seat? TryTake(object wanted)
    {
        lock (guard)
        {
            if (seats > 0 && !wanted.Equals(kind))
                return null;
            kind = wanted;
            seats++;
            return new Seat(this);
        }
    }

    internal sealed class Seat(ModelsInUse models) : IDisposable
    {
        /// <summary>Joins the cells that share U-Net batches.</summary>
        public ConceptsAtOnce.Member Join() => models.Join();

        public void Dispose() => models.Leave();
    }

    private ConceptsAtOnce.Member Join() => all.Join();

    private void Leave()
    {
        lock (guard)
            seats--;
    }
}
