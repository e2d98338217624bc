using System.Text;
using TextualInversion.Checkpoints;
using TextualInversion.IO;
using TextualInversion.Tensors;
using static TorchSharp.torch;

namespace TextualInversion.Evaluation;

/// <summary>Identifies a model by its content: weights, configs and tokenizers.</summary>
internal static class ModelFingerprint
{
    /// <summary>SHA-256 of every file that images depend on. Reads all weights once.</summary>
    /// <exception cref="TextualInversionException">A file is missing, truncated or malformed.</exception>
    public static string Of(IModelFiles files)
    {
        var isXl = files.Family == ModelFamily.StableDiffusionXl;
        string[] parts = ["unet", "vae", "text_encoder", .. isXl ? ["text_encoder_2"] : Array.Empty<string>()];
        string[] tokenizers = ["tokenizer", .. isXl ? ["tokenizer_2"] : Array.Empty<string>()];
        using var sha = new IncrementalSha256();
        foreach (var part in parts)
        {
            if (files.Has($"{part}/config.json"))
                sha.Append(Encoding.UTF8.GetBytes(files.ReadText($"{part}/config.json")));
            AddWeights(sha, files.Weights(part));
        }

        foreach (var tokenizer in tokenizers)
            AddFiles(sha, files.TokenizerFolder(tokenizer));
        return sha.FinishAsText();
    }

    private static void AddFiles(IncrementalSha256 sha, string folder)
    {
        foreach (var file in FolderListing.Files(folder).Where(file => SpecialFile.Find(file) is null))
            sha.Append(HashOf(file));
    }

    private static byte[] HashOf(string file)
    {
        try
        {
            return Sha256.Hash(File.ReadAllBytes(file));
        }
        catch (Exception error) when (IoErrors.IsFileError(error))
        {
            throw IoErrors.Unreadable(file, error);
        }
    }

    private static void AddWeights(IncrementalSha256 sha, ITensorFile file)
    {
        var names = file.Tensors.Keys.Order(StringComparer.Ordinal).ToArray();
        var hashes = new byte[names.Length][];
        Parallel.For(0, names.Length, i => hashes[i] = HashTensor(file, names[i]));
        foreach (var hash in hashes)
            sha.Append(hash);
    }

    private static byte[] HashTensor(ITensorFile file, string name)
    {
        using var scope = NewDisposeScope();
        var values = file.Read(name).contiguous();
        var header = Encoding.UTF8.GetBytes($"{name} {values.dtype} {string.Join(',', values.shape)}");
        return Sha256.Hash([.. header, .. Sha256.Hash(values.bytes)]);
    }
}
