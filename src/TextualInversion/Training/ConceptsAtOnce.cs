using TextualInversion.Models;
using TextualInversion.Native;
using TextualInversion.Training.Data;
using static TorchSharp.torch;

namespace TextualInversion.Training;

/// <summary>
/// Trains several independent concepts at once on one frozen model, so that one U-Net batch holds images of all of
/// them. Each concept is trained as alone, with its own learner, batches, validations, seed and end, by a thread of its
/// own. One of the threads runs at a time. Before its U-Net pass a concept waits until all others wait for theirs or
/// have ended; the last one computes them together. Images of different sizes are computed one shape after another.
/// </summary>
internal sealed class ConceptsAtOnce : IDisposable
{
    private readonly Lock guard = new();
    private readonly SemaphoreSlim turn = new(1, 1); // held by the thread that runs
    private readonly List<ConceptPass> waiting = [];
    private int members;

    /// <summary>The most concepts in a batch. It is halved when memory runs out.</summary>
    public int Most { get; private set; } = int.MaxValue;

    /// <summary>
    /// Receives the names of the concepts of a batch for which memory ran out, and the most that a batch holds from now
    /// on. The step of each is taken again.
    /// </summary>
    public Action<IReadOnlyList<string>, int> OnTooLarge { get; init; } = (_, _) => { };

    /// <summary>The concepts that are in training.</summary>
    public int Count
    {
        get
        {
            lock (guard)
                return members;
        }
    }

    /// <summary>Adds a concept, for which the others wait from now on. Its training is run by the member.</summary>
    public Member Join()
    {
        lock (guard)
            members++;
        return new Member(this);
    }

    public void Dispose() => turn.Dispose();

    /// <summary>Adds a pass, or removes a member if it is null.</summary>
    /// <returns>The passes to compute now, if all members wait.</returns>
    private List<ConceptPass> Arrive(ConceptPass? pass)
    {
        lock (guard)
        {
            if (pass is null)
                members--;
            else
                waiting.Add(pass);
            if (waiting.Count < members)
                return [];
            List<ConceptPass> all = [.. waiting.OrderBy(each => each.Number)];
            waiting.Clear();
            return all;
        }
    }

    private void Compute(List<ConceptPass> passes)
    {
        foreach (var part in passes.GroupBy(pass => pass.Shape).SelectMany(shape => shape.Chunk(Most)))
        {
            try
            {
                ConceptPass.Compute(part);
            }
            catch (Exception error)
            {
                var isTooLarge = part.Length > 1 && OutOfMemory.Is(error);
                if (isTooLarge)
                {
                    Most = part.Length / 2;
                    OnTooLarge([.. part.Select(pass => pass.Name)], Most);
                }

                foreach (var pass in part)
                    pass.Fail(isTooLarge ? new SmallerBatchException(error) : error);
            }
        }

        foreach (var pass in passes)
            pass.Complete();
    }

    /// <summary>One of the concepts.</summary>
    internal sealed class Member(ConceptsAtOnce all)
    {
        /// <summary>The concept's place in a batch. It decides the order of sums, not what is learned.</summary>
        public int Number { get; set; }

        /// <summary>The concept's name in messages.</summary>
        public string Name { get; set; } = "";

        /// <summary>The concepts that are in training, this one included.</summary>
        public int Concepts => all.Count;

        /// <summary>Runs the member's trainings on a thread of their own, and ends the membership.</summary>
        /// <param name="train">Trains one concept, or several one after another.</param>
        public Task RunAsync(Func<Task> train) =>
            Task.Factory.StartNew(
                () => Run(train),
                CancellationToken.None,
                TaskCreationOptions.LongRunning,
                TaskScheduler.Default
            );

        /// <summary>
        /// Computes the loss of a batch and adds its gradient to the learner's, together with the batches of the other
        /// members.
        /// </summary>
        /// <param name="model">The model, the same for all members.</param>
        /// <param name="learner">The concept's learner.</param>
        /// <param name="batch">Its batch.</param>
        /// <returns>The loss, a scalar without a gradient in the caller's dispose scope.</returns>
        /// <exception cref="SmallerBatchException">Memory ran out; take the step again.</exception>
        public Tensor Backward(IDiffusionModel model, Learner learner, TrainingBatch batch)
        {
            using var pass = new ConceptPass(Number, Name, model, learner, batch);
            if (all.Arrive(pass) is { Count: > 0 } passes)
            {
                all.Compute(passes);
            }
            else
            {
                all.turn.Release();
                pass.Wait();
                all.turn.Wait();
            }

            return pass.Loss();
        }

        private void Run(Func<Task> train)
        {
            all.turn.Wait();
            try
            {
                train().GetAwaiter().GetResult();
            }
            finally
            {
                if (all.Arrive(null) is { Count: > 0 } passes)
                    all.Compute(passes);
                all.turn.Release();
            }
        }
    }
}

/// <summary>Memory ran out for the batch of several concepts. Fewer are computed together from now on.</summary>
/// <param name="inner">The error of the batch.</param>
internal sealed class SmallerBatchException(Exception inner)
    : Exception("Memory ran out for the batch of several concepts.", inner);
