namespace TextualInversion.Schedulers;

/// <summary>The noise level at which a run ends.</summary>
public enum FinalSigma
{
    Zero,

    /// <summary>That of timestep 0.</summary>
    SigmaMin,
}
