namespace TextualInversion.Schedulers;

/// <summary>
/// A solver's variant. A sampler that does not have the folder's variant uses its own default, as in diffusers.
/// </summary>
internal enum SolverType
{
    /// <summary>DPM-Solver++ (arXiv 2211.01095), the default of its second order.</summary>
    Midpoint,

    /// <summary>DPM-Solver++, by the exact integral of the second term.</summary>
    Heun,

    /// <summary>UniPC (arXiv 2302.04867) with B(h) = h.</summary>
    Bh1,

    /// <summary>UniPC with B(h) = exp(h) - 1, the default.</summary>
    Bh2,

    /// <summary>DEIS (arXiv 2204.13902), the only one.</summary>
    LogRho,
}
