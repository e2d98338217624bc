namespace TextualInversion.Schedulers;

/// <summary>The samplers that <see cref="Samplers"/> makes.</summary>
public enum SamplerKind
{
    Ddim,
    Pndm,
    Euler,
    EulerKarras,
    EulerAncestral,
    DpmSolverMultistep,
    DpmSolverMultistepKarras,
}
