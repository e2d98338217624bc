namespace TextualInversion.Schedulers;

/// <summary>The noise level at which a run ends.</summary>
internal enum FinalSigma
{
    Zero,

    /// <summary>That of timestep 0.</summary>
    SigmaMin,
}
