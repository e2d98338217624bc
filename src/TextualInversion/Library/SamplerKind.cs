namespace TextualInversion;

/// <summary>
/// The samplers that generate images. The names follow diffusers' scheduler classes; those that end in Karras use the
/// noise levels of arXiv 2206.00364, eq. 5.
/// </summary>
public enum SamplerKind
{
    Ddim,
    Ddpm,
    Pndm,
    Lms,
    LmsKarras,
    Euler,
    EulerKarras,
    EulerAncestral,
    Heun,
    HeunKarras,
    KDpm2,
    KDpm2Karras,
    KDpm2Ancestral,
    KDpm2AncestralKarras,
    DpmSolverMultistep,
    DpmSolverMultistepKarras,
    DpmSolverMultistepSde,
    DpmSolverMultistepSdeKarras,
    DpmSolverSinglestep,
    DpmSolverSinglestepKarras,
    UniPc,
    UniPcKarras,
    Deis,
    DeisKarras,
    Lcm,
}
