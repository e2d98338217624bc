using System.Text.Json;
using TextualInversion.IO;
using static TorchSharp.torch;

namespace TextualInversion.Tensors;

/// <summary>
/// The tensors of a network in several files. The index next to them says which file holds which tensor:
/// <c>{"weight_map": {"conv_in.bias": "…-00001-of-00002.safetensors"}}</c>
/// (https://huggingface.co/docs/transformers/big_models#shard-metadata).
/// </summary>
internal sealed class ShardedTensors : ITensorFile
{
    private readonly Dictionary<string, ITensorFile> shards; // by tensor

    private ShardedTensors(string path, Dictionary<string, ITensorFile> shards)
    {
        FilePath = path;
        this.shards = shards;
        Tensors = shards.ToDictionary(pair => pair.Key, pair => pair.Value.Tensors[pair.Key]);
    }

    /// <summary>The index.</summary>
    public string FilePath { get; }

    public IReadOnlyDictionary<string, TensorEntry> Tensors { get; }

    /// <summary>Reads the index and the headers of all shards.</summary>
    /// <exception cref="TextualInversionException">
    /// The index or a shard is missing or malformed, or a tensor is not where the index says.
    /// </exception>
    public static ShardedTensors Open(string indexPath)
    {
        var folder = Path.GetDirectoryName(Path.GetFullPath(indexPath))!;
        var places = ReadIndex(indexPath);
        var files = new Dictionary<string, ITensorFile>();
        foreach (var name in places.Values.Distinct())
        {
            // Plain names only: an index from elsewhere must not reach out of its folder.
            if (name is "" or "." or ".." || name.AsSpan().ContainsAny('/', '\\', '\0'))
                throw new TextualInversionException(
                    $"{indexPath}: names the file \"{name}\", which is not a plain name in its own folder; "
                        + "download the model again, from a source you trust."
                );
            var path = Path.Combine(folder, name);
            if (!File.Exists(path))
                throw new TextualInversionException(
                    $"{path}: is missing, and {Path.GetFileName(indexPath)} names it; the model's folder is "
                        + "incomplete, download it again."
                );
            files[name] = TensorFile.Open(path);
        }

        foreach (var (tensor, name) in places)
        {
            if (!files[name].Tensors.ContainsKey(tensor))
                throw new TextualInversionException(
                    $"{files[name].FilePath}: lacks the tensor {tensor}, which {Path.GetFileName(indexPath)} "
                        + "says is in it; the two do not belong together."
                );
        }

        return new ShardedTensors(indexPath, places.ToDictionary(place => place.Key, place => files[place.Value]));
    }

    public Tensor Read(string name, KeptMappings? kept = null) =>
        shards.TryGetValue(name, out var shard)
            ? shard.Read(name, kept)
            : throw new TextualInversionException($"{FilePath}: has no tensor {name}.");

    private static Dictionary<string, string> ReadIndex(string path)
    {
        try
        {
            SpecialFile.Refuse(path);
            using var json = JsonDocument.Parse(File.ReadAllText(path));
            return
                json.RootElement.GetProperty("weight_map").Deserialize<Dictionary<string, string>>()
                    is { Count: > 0 } map
                && !map.ContainsValue(null!)
                ? map
                : throw new TextualInversionException($"{path}: its weight_map names no tensors; download it again.");
        }
        catch (Exception error) when (error is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            throw new TextualInversionException(
                $"{path}: is not an index of shards, which is a JSON object with a weight_map: {error.Message}",
                error
            );
        }
        catch (Exception error) when (IoErrors.IsFileError(error))
        {
            throw IoErrors.Unreadable(path, error);
        }
    }
}
