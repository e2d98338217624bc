using System.Security.Cryptography;
using System.Text;
using TextualInversion.Checkpoints;
using TextualInversion.Tensors;

namespace TextualInversion.Evaluation;

/// <summary>A model by its content: the weights and configs of its parts, and its tokenizers.</summary>
internal static class ModelFingerprint
{
    /// <summary>SHA-256 over everything that <paramref name="files"/> paint with. Reads all weights once.</summary>
    /// <exception cref="TextualInversionException">A file is missing, truncated or malformed.</exception>
    public static string Of(IModelFiles files)
    {
        var isXl = files.Family == ModelFamily.StableDiffusionXl;
        string[] parts = ["unet", "vae", "text_encoder", .. isXl ? ["text_encoder_2"] : Array.Empty<string>()];
        string[] tokenizers = ["tokenizer", .. isXl ? ["tokenizer_2"] : Array.Empty<string>()];
        using var sha = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var part in parts)
        {
            if (files.Has($"{part}/config.json"))
                sha.AppendData(Encoding.UTF8.GetBytes(files.ReadText($"{part}/config.json")));
            Add(sha, files.Weights(part));
        }

        foreach (
            var file in tokenizers.SelectMany(name =>
                Directory.EnumerateFiles(files.TokenizerFolder(name)).Order(StringComparer.Ordinal)
            )
        )
            sha.AppendData(SHA256.HashData(File.ReadAllBytes(file)));
        return Convert.ToHexStringLower(sha.GetHashAndReset());
    }

    private static void Add(IncrementalHash sha, ITensorFile file)
    {
        var names = file.Tensors.Keys.Order(StringComparer.Ordinal).ToArray();
        var hashes = new byte[names.Length][];
        Parallel.For(
            0,
            names.Length,
            i =>
            {
                using var mapped = file.Read(names[i]);
                using var values = mapped.contiguous();
                hashes[i] = SHA256.HashData([
                    .. Encoding.UTF8.GetBytes($"{names[i]} {values.dtype} {string.Join(',', values.shape)}"),
                    .. SHA256.HashData(values.bytes),
                ]);
            }
        );
        foreach (var hash in hashes)
            sha.AppendData(hash);
    }
}
