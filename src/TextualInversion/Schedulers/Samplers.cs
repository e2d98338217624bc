namespace TextualInversion.Schedulers;

/// <summary>
/// The samplers by name. A new sampler needs a file, a <see cref="SamplerKind"/> and a line of the table.
/// </summary>
internal static class Samplers
{
    private static readonly Entry[] Table =
    [
        new(
            SamplerKind.Ddim,
            "DDIM",
            "DDIMScheduler",
            [],
            (config, steps, eta) => new DdimScheduler(config, steps, eta)
        ),
        new(SamplerKind.Ddpm, "DDPM", "DDPMScheduler", [], (config, steps, _) => new DdpmScheduler(config, steps)),
        new(
            SamplerKind.Pndm,
            "PLMS",
            "PNDMScheduler",
            ["pndm"],
            (config, steps, _) => new PndmScheduler(config, steps)
        ),
        .. WithKarras(
            SamplerKind.LmsKarras,
            new(
                SamplerKind.Lms,
                "LMS",
                "LMSDiscreteScheduler",
                ["k_lms"],
                (config, steps, _) => new LmsScheduler(config, steps)
            )
        ),
        .. WithKarras(
            SamplerKind.EulerKarras,
            new(
                SamplerKind.Euler,
                "Euler",
                "EulerDiscreteScheduler",
                ["k_euler"],
                (config, steps, _) => new EulerScheduler(config, steps)
            )
        ),
        new(
            SamplerKind.EulerAncestral,
            "Euler a",
            "EulerAncestralDiscreteScheduler",
            ["euler ancestral", "k_euler_a"],
            (config, steps, _) => new EulerAncestralScheduler(config, steps)
        ),
        .. WithKarras(
            SamplerKind.HeunKarras,
            new(
                SamplerKind.Heun,
                "Heun",
                "HeunDiscreteScheduler",
                ["k_heun"],
                (config, steps, _) => new HeunScheduler(config, steps)
            )
        ),
        .. WithKarras(
            SamplerKind.KDpm2Karras,
            new(
                SamplerKind.KDpm2,
                "DPM2",
                "KDPM2DiscreteScheduler",
                ["k_dpm_2", "kdpm2"],
                (config, steps, _) => new KDpm2Scheduler(config, steps, isAncestral: false)
            )
        ),
        .. WithKarras(
            SamplerKind.KDpm2AncestralKarras,
            new(
                SamplerKind.KDpm2Ancestral,
                "DPM2 a",
                "KDPM2AncestralDiscreteScheduler",
                ["dpm_2_ancestral", "k_dpm_2_a", "kdpm2_a"],
                (config, steps, _) => new KDpm2Scheduler(config, steps, isAncestral: true)
            )
        ),
        .. WithKarras(
            SamplerKind.DpmSolverMultistepKarras,
            new(
                SamplerKind.DpmSolverMultistep,
                "DPM++ 2M",
                "DPMSolverMultistepScheduler",
                [],
                (config, steps, _) => new DpmSolverMultistepScheduler(config, steps),
                IsStochastic: false
            )
        ),
        .. WithKarras(
            SamplerKind.DpmSolverMultistepSdeKarras,
            new(
                SamplerKind.DpmSolverMultistepSde,
                "DPM++ 2M SDE",
                "DPMSolverMultistepScheduler",
                [],
                (config, steps, _) => new DpmSolverMultistepScheduler(config, steps),
                IsStochastic: true
            )
        ),
        .. WithKarras(
            SamplerKind.DpmSolverSinglestepKarras,
            new(
                SamplerKind.DpmSolverSinglestep,
                "DPM++ 2S",
                "DPMSolverSinglestepScheduler",
                [],
                (config, steps, _) => new DpmSolverSinglestepScheduler(config, steps),
                IsStochastic: false
            )
        ),
        .. WithKarras(
            SamplerKind.UniPcKarras,
            new(
                SamplerKind.UniPc,
                "UniPC",
                "UniPCMultistepScheduler",
                [],
                (config, steps, _) => new UniPcScheduler(config, steps)
            )
        ),
        .. WithKarras(
            SamplerKind.DeisKarras,
            new(
                SamplerKind.Deis,
                "DEIS",
                "DEISMultistepScheduler",
                [],
                (config, steps, _) => new DeisScheduler(config, steps)
            )
        ),
        new(SamplerKind.Lcm, "LCM", "LCMScheduler", [], (config, steps, _) => new LcmScheduler(config, steps)),
    ];

    /// <summary>The names to show to a user, each of which <see cref="Parse"/> understands.</summary>
    public static IReadOnlyList<string> DisplayNames { get; } = [.. Table.Select(entry => entry.DisplayName)];

    /// <summary>All samplers in one line: <c>DDIM, …, LMS [Karras], …</c>.</summary>
    public static string Summary { get; } =
        string.Join(
            ", ",
            Table
                .Where(entry => entry.IsKarras != true)
                .Select(entry => entry.DisplayName + (entry.IsKarras is null ? "" : " [Karras]"))
        );

    /// <summary>The name that the Stable Diffusion WebUI gives a sampler, as in the text of its PNG files.</summary>
    public static string DisplayName(SamplerKind kind) => Find(kind).DisplayName;

    /// <summary>
    /// The sampler of a name: the WebUI's, diffusers' class name or a common short form (<c>euler_a</c>,
    /// <c>dpmpp_2m</c>), in any case and with spaces, underscores, hyphens or nothing between the words. A class name
    /// means its plainest variant; <c>karras</c> may follow.
    /// </summary>
    /// <exception cref="TextualInversionException">No sampler has that name.</exception>
    public static SamplerKind Parse(string name)
    {
        if (Find(name) is { } kind)
            return kind;
        var nearest = Table.MinBy(Distance)!;
        var question = Distance(nearest) <= (name.Length + 1) / 2 ? $" Did you mean {nearest.DisplayName}?" : "";
        throw new TextualInversionException($"There is no sampler {name}.{question} The samplers are {Summary}.");

        int Distance(Entry entry) => entry.Names.Min(known => EditDistance.Between(Normalize(known), Normalize(name)));
    }

    /// <summary>The sampler of a name as <see cref="Parse"/> understands it, or null if there is none.</summary>
    public static SamplerKind? Find(string name) =>
        Array.Find(Table, entry => entry.Names.Any(known => Normalize(known) == Normalize(name)))?.Kind;

    /// <summary>The sampler that a model's folder names, or null if it is not supported.</summary>
    public static SamplerKind? OfFolder(SchedulerConfig config) =>
        Array.Find(Table, entry => entry.ClassName == config.ClassName && entry.IsOf(config))?.Kind;

    /// <summary>
    /// A sampler for one run. The folder's settings apply to every sampler, as with diffusers' <c>from_config</c>,
    /// except that <paramref name="kind"/> decides about Karras's sigmas and the stochastic equation.
    /// </summary>
    /// <param name="kind">The sampler.</param>
    /// <param name="config">The folder's settings.</param>
    /// <param name="steps">
    /// From 1 to <see cref="SchedulerConfig.NumTrainTimesteps"/>; some samplers allow fewer.
    /// </param>
    /// <param name="eta">
    /// How much noise DDIM adds, from 0 to 1; the other samplers ignore it, as diffusers' pipelines do.
    /// </param>
    /// <exception cref="TextualInversionException">
    /// The steps or eta are out of range, or the folder asks for what this sampler cannot do.
    /// </exception>
    public static ISampler Create(SamplerKind kind, SchedulerConfig config, int steps, double eta = 0)
    {
        var entry = Find(kind);
        var decided = config with
        {
            UseKarrasSigmas = entry.IsKarras ?? false,
            IsStochastic = entry.IsStochastic ?? false,
        };
        return entry.Create(decided, steps, eta);
    }

    private static Entry Find(SamplerKind kind) =>
        Array.Find(Table, entry => entry.Kind == kind)
        ?? throw new ArgumentOutOfRangeException(nameof(kind), kind, "Not a sampler.");

    /// <summary>A sampler and its variant with Karras's sigmas.</summary>
    private static Entry[] WithKarras(SamplerKind karras, Entry plain) =>
        [
            plain with
            {
                IsKarras = false,
            },
            plain with
            {
                Kind = karras,
                IsKarras = true,
                DisplayName = $"{plain.DisplayName} Karras",
                Aliases = [.. plain.Names.Select(name => $"{name} karras")],
            },
        ];

    /// <summary><c>DPM++ 2M</c>, <c>dpmpp_2m</c> and <c>dpm++2m</c> are one name.</summary>
    private static string Normalize(string name) =>
        string.Concat(name.ToLowerInvariant().Replace('+', 'p').Where(char.IsLetterOrDigit));

    /// <param name="Kind">The sampler.</param>
    /// <param name="DisplayName">The WebUI's name.</param>
    /// <param name="ClassName">diffusers' class; several kinds may share one.</param>
    /// <param name="Aliases">Other names.</param>
    /// <param name="Create">Creates one from a folder's settings, a number of steps and eta.</param>
    /// <param name="IsKarras">Whether it uses Karras's sigmas. Null: it has no such choice.</param>
    /// <param name="IsStochastic">As <see cref="SchedulerConfig.IsStochastic"/>. Null: it has no such choice.</param>
    private sealed record Entry(
        SamplerKind Kind,
        string DisplayName,
        string ClassName,
        string[] Aliases,
        Func<SchedulerConfig, int, double, ISampler> Create,
        bool? IsKarras = null,
        bool? IsStochastic = null
    )
    {
        public IEnumerable<string> Names => [DisplayName, ClassName, .. Aliases];

        /// <summary>Whether the folder names this variant of its class.</summary>
        public bool IsOf(SchedulerConfig config) =>
            (IsKarras is null || IsKarras == config.UseKarrasSigmas)
            && (IsStochastic is null || IsStochastic == config.IsStochastic);
    }
}
