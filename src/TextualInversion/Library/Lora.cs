using TextualInversion.IO;

namespace TextualInversion;

/// <summary>
/// A LoRA: a small file that changes a model's layers by matrices of low rank (Hu et al. 2021). LoRA, LoCon and DoRA
/// files of kohya's scripts, LyCORIS, OneTrainer, diffusers and PEFT are read.
/// </summary>
/// <param name="Path">The file.</param>
/// <param name="Strength">
/// How strongly it changes the U-Net: 1 as it was trained, 0 not at all, below 0 in reverse. Default: 1.
/// </param>
public sealed record Lora(string Path, double Strength = 1)
{
    /// <summary>How strongly it changes the text encoders. Default: <see cref="Strength"/>.</summary>
    public double TextStrength { get; init; } = Strength;

    /// <summary>The SHA-256 of each file, by its path.</summary>
    internal static Dictionary<string, string> Hashes(IEnumerable<Lora> loras) =>
        loras.Select(lora => lora.Path).Distinct().ToDictionary(path => path, Sha256.OfFile);
}
