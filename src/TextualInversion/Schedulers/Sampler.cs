namespace TextualInversion.Schedulers;

/// <summary>A sampler as people choose it: what they type, and how to make one. A new sampler is one more entry.</summary>
public sealed class Sampler
{
    private readonly string[] names;
    private readonly Func<SchedulerConfig, int, ISampler> create;

    private Sampler(string displayName, string className, string[] aliases, Func<SchedulerConfig, int, ISampler> create)
    {
        DisplayName = displayName;
        ClassName = className;
        names = [displayName, className, .. aliases];
        this.create = create;
    }

    public static IReadOnlyList<Sampler> All { get; } =
    [
        new("PLMS", "PNDMScheduler", ["pndm"], (config, steps) => new PndmScheduler(config, steps)),
        new("DDIM", "DDIMScheduler", [], (config, steps) => new DdimScheduler(config, steps)),
        new("Euler", "EulerDiscreteScheduler", [], (config, steps) => new EulerScheduler(config, steps)),
        new("Euler Karras", "EulerDiscreteScheduler", [], (config, steps) => new EulerScheduler(config with { UseKarrasSigmas = true }, steps)),
        new("Euler a", "EulerAncestralDiscreteScheduler", ["euler ancestral"], (config, steps) => new EulerAncestralScheduler(config, steps)),
        new("DPM++ 2M", "DPMSolverMultistepScheduler", ["dpmpp 2m"], (config, steps) => new DpmSolverMultistepScheduler(config, steps)),
        new("DPM++ 2M Karras", "DPMSolverMultistepScheduler", ["dpmpp 2m karras"], (config, steps) => new DpmSolverMultistepScheduler(config with { UseKarrasSigmas = true }, steps)),
    ];

    /// <summary>The WebUI's name.</summary>
    public string DisplayName { get; }

    /// <summary>diffusers' name.</summary>
    public string ClassName { get; }

    /// <summary>The sampler that somebody typed: the WebUI's name, k-diffusion's or diffusers' class, in any case, with or without spaces, - and _.</summary>
    /// <exception cref="TextualInversionException">There is none of that name; the error names the nearest.</exception>
    public static Sampler Parse(string name)
    {
        var wanted = Simplify(name);
        var found = All.FirstOrDefault(sampler => sampler.names.Any(candidate => Simplify(candidate) == wanted));
        if (found is not null) return found;
        var nearest = All.MinBy(sampler => sampler.names.Min(candidate => EditDistance.Between(wanted, Simplify(candidate))))!;
        throw new TextualInversionException($"{name}: no such sampler; did you mean \"{nearest.DisplayName.ToLowerInvariant()}\"? There are {string.Join(", ", All.Select(sampler => sampler.DisplayName.ToLowerInvariant()))}.");
    }

    /// <summary>The model's own sampler.</summary>
    /// <exception cref="TextualInversionException">It is not supported; the error says what to choose.</exception>
    public static Sampler OwnOf(SchedulerConfig config) =>
        All.FirstOrDefault(sampler => sampler.ClassName == config.ClassName && sampler.DisplayName.EndsWith("Karras", StringComparison.Ordinal) == (config.UseKarrasSigmas ?? false))
        ?? All.FirstOrDefault(sampler => sampler.ClassName == config.ClassName)
        ?? throw new TextualInversionException($"The model's own sampler {config.ClassName ?? "(none named)"} is not supported; choose one with --sampler, such as \"dpm++ 2m\".");

    /// <summary>A run of this sampler with the model's noise schedule.</summary>
    /// <exception cref="TextualInversionException">The number of steps is out of range, or the model's config asks for what is not supported.</exception>
    public ISampler Create(SchedulerConfig config, int steps) => create(config, steps);

    private static string Simplify(string name) => string.Concat(name.Where(character => char.IsLetterOrDigit(character) || character == '+')).ToLowerInvariant();
}
