using TextualInversion.Models;
using TextualInversion.Native;
using TextualInversion.Training.Data;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace TextualInversion.Training.Distillation;

/// <summary>
/// The mean squared difference between the text encoders' states with the vectors and with the whole prompt, at the
/// positions that are padding in both, where most of what the U-Net attends to is; and that of the pooled state, where
/// the model has one. Both relative to the difference from the empty prompt.
/// </summary>
internal sealed class StatesLoss : IDistillationLoss
{
    private readonly DistilledPrompts prompts;
    private readonly IReadOnlyList<string> templates;
    private readonly Dictionary<string, (Conditioning Whole, int End, double Scale, double PooledScale)> targets = [];
    private readonly ulong seed;

    /// <param name="prompts">The whole prompt and the vectors.</param>
    /// <param name="templates">Texts around the prompt, of which each step takes one.</param>
    /// <param name="seed">The seed of the order of the templates.</param>
    public StatesLoss(DistilledPrompts prompts, IReadOnlyList<string> templates, ulong seed)
    {
        (this.prompts, this.templates, this.seed) = (prompts, templates, seed);
        using var noGrad = no_grad();
        foreach (var template in templates.Distinct())
            targets.Add(template, Target(template));
    }

    /// <summary>Refuses a prompt that leaves no room for padding, where its states are compared.</summary>
    /// <param name="prompts">The whole prompt.</param>
    /// <param name="templates">The texts around it.</param>
    /// <exception cref="TextualInversionException">It is too long, or in several parts.</exception>
    public static void RequireRoom(DistilledPrompts prompts, IReadOnlyList<string> templates)
    {
        var tooLong = templates.Distinct().FirstOrDefault(template => !prompts.HasPadding(prompts.Whole(template)));
        if (tooLong is not null)
            throw TextualInversionException.ForParameter(
                nameof(DistillationOptions.Target),
                $"states: the prompt has {prompts.Tokens} tokens, and as \"{tooLong}\" it fills all that a "
                    + "text encoder takes at once, or is in several parts (BREAK); choose noise, which takes prompts "
                    + "of any length."
            );
    }

    public Tensor OfStep(IReadOnlyList<Tensor> rows, int step)
    {
        var random = new StepRandom(seed, RandomStream.Prompt, step);
        return Of(rows, templates[random.Index(templates.Count)]);
    }

    public void Backward(Tensor loss) => loss.backward();

    public double Check(IReadOnlyList<Tensor> rows)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        return HostCopy.Scalars(targets.Keys.Select(template => Of(rows, template))).Average();
    }

    public double CheckQuickly(IReadOnlyList<Tensor> rows) => Check(rows);

    public void Dispose()
    {
        foreach (var (whole, _, _, _) in targets.Values)
            whole.Dispose();
    }

    private Tensor Of(IReadOnlyList<Tensor> rows, string template)
    {
        var (whole, end, scale, pooledScale) = targets[template];
        var text = DistilledPrompts.Short(template);
        var own = prompts.Encode(text, rows);
        var first = Math.Max(end, prompts.EndOf(text)) + 1;
        var loss = Padding(own, whole, first).DividedBy(scale);
        return own.Added is null ? loss : loss.Plus(Pooled(own, whole).DividedBy(pooledScale));
    }

    private (Conditioning Whole, int End, double Scale, double PooledScale) Target(string template)
    {
        using var scope = NewDisposeScope();
        var text = prompts.Whole(template);
        var (whole, empty) = (prompts.Encode(text, learned: null), prompts.Encode("", learned: null));
        var end = prompts.EndOf(text);
        var scale = HostCopy.Scalars([Padding(whole, empty, end + 1)])[0];
        var pooled = whole.Added is null ? 1 : HostCopy.Scalars([Pooled(whole, empty)])[0];
        return (whole.DetachFromDisposeScope(), end, Math.Max(scale, 1e-12), Math.Max(pooled, 1e-12));
    }

    private static Tensor Padding(Conditioning one, Conditioning other, int first)
    {
        var (a, b) = (one.EncoderHiddenStates, other.EncoderHiddenStates); // (1, S, D)
        return F.mse_loss(a.narrow(1, first, a.shape[1] - first), b.narrow(1, first, b.shape[1] - first));
    }

    private static Tensor Pooled(Conditioning one, Conditioning other) =>
        F.mse_loss(one.Added!.PooledText, other.Added!.PooledText);
}
