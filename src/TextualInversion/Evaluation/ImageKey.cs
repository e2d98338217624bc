using System.Text.Json;
using TextualInversion.Generation;
using TextualInversion.IO;
using TextualInversion.Schedulers;

namespace TextualInversion.Evaluation;

/// <summary>Everything that the pixels of an image depend on. Its hash names the image in the cache.</summary>
internal sealed record ImageKey
{
    /// <summary>The version of the generator. A change of the code that changes pixels raises it.</summary>
    public int Version { get; } = 3;

    /// <summary>See <see cref="ModelFingerprint"/>.</summary>
    public required string Model { get; init; }

    public required SchedulerConfig Scheduler { get; init; }

    public required string Device { get; init; }

    /// <summary>See <see cref="Candidate.Hash"/>.</summary>
    public required string Rows { get; init; }

    /// <summary>See <see cref="Candidate.Words"/>.</summary>
    public required string Words { get; init; }

    /// <summary>The settings, with the prompt.</summary>
    public required GenerationSettings Options { get; init; }

    public required ulong Seed { get; init; }

    /// <summary>SHA-256 of all of it, as lower-case hexadecimal digits.</summary>
    public string Hash() => Sha256.OfBytes(JsonSerializer.SerializeToUtf8Bytes(this));
}
