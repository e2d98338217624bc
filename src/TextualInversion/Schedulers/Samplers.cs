namespace TextualInversion.Schedulers;

/// <summary>The samplers by name. One more is one more file, one more <see cref="SamplerKind"/> and one more line of the table.</summary>
public static class Samplers
{
    // A kind says whether its sigmas are Karras's, whatever the folder says.
    private static readonly Entry[] Table =
    [
        new(SamplerKind.Ddim, "DDIM", "DDIMScheduler", [], (config, steps) => new DdimScheduler(config, steps)),
        new(SamplerKind.Pndm, "PLMS", "PNDMScheduler", ["pndm"], (config, steps) => new PndmScheduler(config, steps)),
        new(SamplerKind.Euler, "Euler", "EulerDiscreteScheduler", [],
            (config, steps) => new EulerScheduler(config with { UseKarrasSigmas = false }, steps)),
        new(SamplerKind.EulerKarras, "Euler Karras", "EulerDiscreteScheduler", [],
            (config, steps) => new EulerScheduler(config with { UseKarrasSigmas = true }, steps)),
        new(SamplerKind.EulerAncestral, "Euler a", "EulerAncestralDiscreteScheduler", ["euler ancestral"],
            (config, steps) => new EulerAncestralScheduler(config, steps)),
        new(SamplerKind.DpmSolverMultistep, "DPM++ 2M", "DPMSolverMultistepScheduler", [],
            (config, steps) => new DpmSolverMultistepScheduler(config with { UseKarrasSigmas = false }, steps)),
        new(SamplerKind.DpmSolverMultistepKarras, "DPM++ 2M Karras", "DPMSolverMultistepScheduler", [],
            (config, steps) => new DpmSolverMultistepScheduler(config with { UseKarrasSigmas = true }, steps)),
    ];

    /// <summary>The names to show to a user, each of which <see cref="Parse"/> understands.</summary>
    public static IReadOnlyList<string> DisplayNames { get; } = [.. Table.Select(entry => entry.DisplayName)];

    /// <summary>The name that the Stable Diffusion WebUI gives a sampler, as in the text of its PNG files.</summary>
    public static string DisplayName(SamplerKind kind) => Find(kind).DisplayName;

    /// <summary>
    /// The sampler of a name: the WebUI's, diffusers' class name or a common short form (<c>euler_a</c>, <c>dpmpp_2m</c>), in any case and
    /// with spaces, underscores, hyphens or nothing between the words. A class name means the variant without Karras sigmas.
    /// </summary>
    /// <exception cref="TextualInversionException">There is no such sampler.</exception>
    public static SamplerKind Parse(string name)
    {
        var normalized = Normalize(name);
        var names = Table.SelectMany(entry => entry.Names.Select(known => (Text: Normalize(known), Entry: entry))).ToList();
        var nearest = names.MinBy(known => EditDistance.Between(known.Text, normalized));
        if (nearest.Text == normalized) return nearest.Entry.Kind;
        throw new TextualInversionException(
            $"There is no sampler {name}. Did you mean {nearest.Entry.DisplayName}? The samplers are {string.Join(", ", DisplayNames)}.");
    }

    /// <summary>The sampler that a model's folder names as its own; null where that is not one of ours.</summary>
    public static SamplerKind? OfFolder(SchedulerConfig config)
    {
        var entries = Array.FindAll(Table, entry => entry.ClassName == config.ClassName);
        if (entries.Length == 0) return null;
        return config.UseKarrasSigmas ? entries[^1].Kind : entries[0].Kind;
    }

    /// <summary>
    /// A sampler for one run. The folder's settings hold whichever sampler is chosen, as with diffusers' <c>from_config</c>, except that
    /// <paramref name="kind"/> decides about Karras sigmas.
    /// </summary>
    /// <param name="kind">The sampler.</param>
    /// <param name="config">The folder's settings.</param>
    /// <param name="steps">From 1 to <see cref="SchedulerConfig.NumTrainTimesteps"/>.</param>
    /// <exception cref="TextualInversionException">
    /// The steps are out of range, or the folder asks for what this sampler cannot do.
    /// </exception>
    public static ISampler Create(SamplerKind kind, SchedulerConfig config, int steps) => Find(kind).Create(config, steps);

    private static Entry Find(SamplerKind kind) =>
        Array.Find(Table, entry => entry.Kind == kind) ?? throw new ArgumentOutOfRangeException(nameof(kind), kind, "Not a sampler.");

    /// <summary><c>DPM++ 2M</c>, <c>dpmpp_2m</c> and <c>dpm++2m</c> are one name.</summary>
    private static string Normalize(string name) =>
        string.Concat(name.ToLowerInvariant().Replace('+', 'p').Where(char.IsLetterOrDigit));

    /// <param name="Kind">The sampler.</param>
    /// <param name="DisplayName">The WebUI's name.</param>
    /// <param name="ClassName">diffusers' class; where two kinds share one, the second is the one with Karras sigmas.</param>
    /// <param name="Aliases">Other names.</param>
    /// <param name="Create">Makes one for a folder's settings and a number of steps.</param>
    private sealed record Entry(
        SamplerKind Kind, string DisplayName, string ClassName, string[] Aliases, Func<SchedulerConfig, int, ISampler> Create)
    {
        public IEnumerable<string> Names => [DisplayName, ClassName, .. Aliases];
    }
}
