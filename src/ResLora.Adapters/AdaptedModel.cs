using ResLora.Adapters.Layers;
using ResLora.Adapters.Methods.Lora;
using ResLora.Formats;
using ResLora.Formats.Errors;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ResLora.Adapters;

/// <summary>
/// A model whose chosen layers carry the blocks of a method. The model itself is borrowed: everything but the blocks and
/// the saved modules is frozen, no frozen weight is ever written, and <see cref="Remove"/> puts it back as it was.
/// </summary>
public sealed class AdaptedModel
{
    private readonly Dictionary<string, AdapterBlock> _byName;
    private IActivationObserver? _observer;

    private AdaptedModel(
        nn.Module model, AdapterConfig config, IReadOnlyList<AdapterBlock> blocks, IReadOnlyList<string> layerNames,
        IReadOnlyList<string> savedModules,
        IReadOnlyList<string> order)
    {
        (Model, Config, Blocks, LayerNames, SavedModules) = (model, config, blocks, layerNames, savedModules);
        _byName = blocks.ToDictionary(b => b.ModuleName, StringComparer.Ordinal);
        (Chains, Breaks) = ShortcutChain.Build(
            blocks.Select(b => new ChainLink(b.ModuleName, b.InFeatures, b.OutFeatures)
            {
                Geometry = b.Site.Geometry,
                Tokens = (model as IExecutionOrder)?.TokensOf(b.ModuleName),
            }),
            order,
            model is IExecutionOrder known ? known.RoleOf : null);
    }

    /// <summary>The model, borrowed.</summary>
    public nn.Module Model { get; }

    /// <summary>The adapter's settings.</summary>
    public AdapterConfig Config { get; }

    /// <summary>The blocks, in the order of the model's modules.</summary>
    public IReadOnlyList<AdapterBlock> Blocks { get; }

    /// <summary>The dotted names of all the model's layers that may carry a block, adapted or not.</summary>
    public IReadOnlyList<string> LayerNames { get; }

    /// <summary>
    /// The dotted names of the modules that are trained whole and saved with the adapter, such as a classifier: PEFT's
    /// <c>modules_to_save</c>.
    /// </summary>
    public IReadOnlyList<string> SavedModules { get; }

    /// <summary>Rows of embeddings that came with the adapter; they are in the model's own weights.</summary>
    public IReadOnlyList<TrainedTokens> Tokens { get; internal init; } = [];

    /// <summary>
    /// Of <see cref="SavedModules"/>, what came with the adapter and is no part of the model's own head: embeddings, output heads, norms,
    /// biases.
    /// </summary>
    public IReadOnlyList<string> BesidesHead { get; internal init; } = [];

    /// <summary>Of <see cref="SavedModules"/>, the biases that the settings ask for.</summary>
    internal IReadOnlyList<string> TrainedBiases { get; private init; } = [];

    /// <summary>
    /// What a plain LoRA has no place for, a phrase each; empty for blocks of A and B on linear layers and the head of an encoder.
    /// </summary>
    public IReadOnlyList<string> BesidesLora =>
    [
        .. Config.Kind.BesidesLora is { } besides ? [besides] : Array.Empty<string>(),
        .. Blocks.Where(block => block.Site is not LinearSite)
            .CountBy(block => block.Site.Kind)
            .Select(kind => $"{kind.Value} {(kind.Value == 1 ? "block" : "blocks")} on {kind.Key}s"),
        .. BesidesBlocks,
        .. BesidesHead.Count == Whole.Count ? [] : new[] { $"biases of {BesidesHead.Count - Whole.Count} layers" },
    ];

    /// <summary>What came with the adapter and is no block of its method, nor a head, a phrase each.</summary>
    public IReadOnlyList<string> BesidesBlocks =>
    [
        .. Tokens.Select(tokens => $"{tokens.Ids.Count} trained tokens of {tokens.Module}"),
        .. Whole.Count == 0 ? [] : new[] { $"whole values of {Shortened(Whole)}" },
    ];

    private IReadOnlyList<string> Whole => [.. BesidesHead.Where(name => !name.EndsWith(".bias", StringComparison.Ordinal))];

    /// <summary>Which blocks are neighbours.</summary>
    public IReadOnlyList<ShortcutChain> Chains { get; }

    /// <summary>Where a projection's chain is cut.</summary>
    public IReadOnlyList<ChainBreak> Breaks { get; }

    /// <summary>Tensors that all blocks share, by name: frozen, and saved with the adapter; empty for most methods.</summary>
    public IReadOnlyList<KeyValuePair<string, Tensor>> Shared { get; private init; } = [];

    /// <summary>How many numbers the blocks share.</summary>
    public long SharedCount => Shared.Sum(tensor => tensor.Value.numel());

    /// <summary>The sizes of activations gathered in training, for the paper's merges.</summary>
    public CalibrationStatistics Statistics { get; init; } = new();

    /// <summary>
    /// γ, the weight of all shortcuts, 0 to 1: 1 as in the paper, lowered by annealing. At 0 every block is plain LoRA and the merge is
    /// exact.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">It is set to a value outside 0 to 1.</exception>
    public double ShortcutWeight
    {
        get => Config.Shortcut.Kind == ShortcutKind.None ? 1 : Blocks[0].ShortcutWeight;
        set
        {
            // Not ThrowIfNegative, which takes -0 for negative; a file may well hold it.
            ArgumentOutOfRangeException.ThrowIfLessThan(value, 0);
            ArgumentOutOfRangeException.ThrowIfGreaterThan(value, 1);
            foreach (var block in Blocks)
            {
                block.ShortcutWeight = value;
            }
        }
    }

    /// <summary>Lets somebody see the activations of every pass that begins from now on.</summary>
    /// <param name="observer">Who sees them; one at a time.</param>
    /// <returns>Disposing it ends the observation.</returns>
    /// <exception cref="InvalidOperationException">Somebody observes already.</exception>
    public IDisposable Observe(IActivationObserver observer)
    {
        if (_observer is not null)
        {
            throw new InvalidOperationException("The model is being observed already.");
        }

        _observer = observer;
        return new Observation(this);
    }

    /// <summary>How many numbers are trained.</summary>
    public long TrainableCount => TrainableParameters().Sum(p => p.Value.numel());

    /// <summary>A block by its module's dotted name.</summary>
    /// <param name="moduleName">The name.</param>
    /// <returns>The block.</returns>
    public AdapterBlock this[string moduleName] => _byName[moduleName];

    /// <summary>
    /// The trained parameters with their names: those of the blocks, then those of <see cref="SavedModules"/> under the model's own names.
    /// </summary>
    /// <returns>Name and parameter, in a fixed order.</returns>
    public IEnumerable<KeyValuePair<string, Parameter>> TrainableParameters() => BlockParameters().Concat(SavedParameters());

    /// <summary>
    /// The blocks' parameters with their names: <c>module.lora_A.weight</c>, <c>module.lora_B.weight</c> and others, as the method has
    /// them.
    /// </summary>
    /// <returns>Name and parameter, in a fixed order.</returns>
    public IEnumerable<KeyValuePair<string, Parameter>> BlockParameters() => Blocks.SelectMany(b => b.OwnParameters());

    /// <summary>What the learning rate of a trained parameter is multiplied by.</summary>
    /// <param name="name">One of the names of <see cref="TrainableParameters"/>.</param>
    /// <returns>The factor of its method; 1 for what is no block's.</returns>
    public double RateFactor(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        var factor = Config.Kind.FactorNames.FirstOrDefault(factor => name.EndsWith("." + factor, StringComparison.Ordinal));
        return factor is not null && _byName.ContainsKey(name[..^(factor.Length + 1)]) ? Config.Kind.RateFactor(Config, factor) : 1;
    }

    /// <summary>The parameters of <see cref="SavedModules"/> under the model's own names.</summary>
    /// <returns>Name and parameter, in a fixed order.</returns>
    public IEnumerable<KeyValuePair<string, Parameter>> SavedParameters() => SavedModules.Count == 0
        ? []
        : Model.named_parameters()
            .Where(p => SavedModules.Any(module => IsWithin(p.name, module)))
            .Select(p => KeyValuePair.Create(p.name, p.parameter));

    /// <summary>Puts blocks on the layers that the settings choose and freezes everything else but the saved modules.</summary>
    /// <param name="model">The model; its layers must be of kinds that <see cref="LayerSite.Of"/> knows.</param>
    /// <param name="config">The adapter's settings.</param>
    /// <param name="seed">The seed of the initial A's. Default 0.</param>
    /// <param name="savedModules">Dotted names of modules that are trained whole, in place, and get no block; null for none.</param>
    /// <returns>The handle of the adapted model.</returns>
    /// <exception cref="ConfigException">The settings have problems, a target or exclusion matches nothing, or a layer's field cannot hold
    /// a block.</exception>
    public static AdaptedModel Inject(nn.Module model, AdapterConfig config, long seed = 0, IReadOnlyList<string>? savedModules = null) =>
        Inject(model, config, ModuleOverrides.None, seed, savedModules);

    /// <summary>
    /// Puts blocks on the layers that the settings choose, some with a rank or alpha of their own, and freezes everything else.
    /// </summary>
    /// <param name="model">As for the other overload.</param>
    /// <param name="config">The adapter's settings; overrides go with plain LoRA only.</param>
    /// <param name="overrides">Ranks and alphas of single modules.</param>
    /// <param name="seed">The seed of the initial A's. Default 0.</param>
    /// <param name="savedModules">As for the other overload.</param>
    /// <returns>The handle of the adapted model.</returns>
    /// <exception cref="ConfigException">As for the other overload, or blocks joined by a shortcut are to differ.</exception>
    public static AdaptedModel Inject(
        nn.Module model, AdapterConfig config, ModuleOverrides overrides, long seed = 0, IReadOnlyList<string>? savedModules = null)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(config);
        ArgumentNullException.ThrowIfNull(overrides);
        var contents = new AdapterContents(config, name => name) { Overrides = overrides, SavedModules = savedModules ?? [] };
        return Inject(model, config, contents, seed);
    }

    /// <summary>Puts the blocks of a folder on a model; their values are not read yet.</summary>
    internal static AdaptedModel Inject(nn.Module model, AdapterContents contents) => Inject(model, contents.Config, contents, seed: 0);

    /// <summary>Refuses settings that cannot be carried out, before anything is allocated.</summary>
    internal static void RequirePossible(AdapterConfig config, ModuleOverrides overrides)
    {
        var problems = config.Problems().Concat(overrides.Problems()).ToArray();
        if (problems.Length > 0)
        {
            throw new ConfigException($"adapter: {string.Join("; ", problems)}.");
        }
    }

    private static AdaptedModel Inject(nn.Module model, AdapterConfig config, AdapterContents contents, long seed)
    {
        var (overrides, savedModules) = (contents.Overrides, contents.SavedModules);
        RequirePossible(config, overrides);
        if (!overrides.IsEmpty && config.Shortcut.Kind != ShortcutKind.None)
        {
            throw new ConfigException(
                "adapter: blocks that a shortcut joins have one rank and one alpha; "
                + "rank_pattern and alpha_pattern go with plain LoRA only.");
        }

        var order = (model as IExecutionOrder)?.ExecutionOrder;
        var method = config.Kind;
        LayerSite[] all =
        [
            .. model.named_modules()
                .Where(m => !savedModules.Any(module => IsWithin(m.name, module)))
                .Select(m => LayerSite.Of(m.name, m.module)).OfType<LayerSite>(),
        ];
        var chosen = LayerChoice.Of(config, all);
        LayerSite[] sites = [.. all.Where(method.Takes)];
        RequireShortcut(config.Shortcut.Kind, sites.Where(site => chosen.Contains(site.Name)));
        foreach (var parameter in model.parameters())
        {
            parameter.requires_grad = false;
        }

        using var generator = new Generator((ulong)seed, CPU);
        var blocks = new List<AdapterBlock>();
        foreach (var site in sites.Where(site => chosen.Contains(site.Name)))
        {
            AdapterBlock block;
            try
            {
                block = method.CreateBlock(site, overrides.For(config, site.Name), generator);
                block.train(model.training);
                ModuleSlot.Replace(model, site.Name, block);
            }
            catch (ConfigException)
            {
                // Nothing or everything: a model with some of its blocks would be taken for an adapted one.
                blocks.ForEach(placed => ModuleSlot.Replace(model, placed.ModuleName, placed.BaseLayer));
                throw;
            }

            blocks.Add(block);
        }

        string[] names = [.. sites.Select(site => site.Name)];
        string[] biases = [.. BiasesOf(model, config, blocks).Where(name => !savedModules.Any(module => IsWithin(name, module)))];
        var adapted = new AdaptedModel(model, config, blocks, names, [.. savedModules, .. biases], order ?? names)
        {
            Tokens = contents.Tokens,
            BesidesHead = [.. contents.BesidesHead, .. biases],
            TrainedBiases = biases,
            Shared = [.. method.SharedNames.Zip(method.Share(blocks), KeyValuePair.Create)],
        };
        foreach (var (_, parameter) in adapted.SavedParameters())
        {
            parameter.requires_grad = true;
        }

        adapted.Link();
        adapted.WarnOfRanks();
        return adapted;
    }

    /// <summary>Says that a forward pass has reached every block.</summary>
    /// <param name="isHere">Which modules this process runs, by dotted name; null for all.</param>
    /// <exception cref="ConfigException">Some were not reached; they would stay untrained without a word.</exception>
    public void RequireRun(Func<string, bool>? isHere = null)
    {
        string[] idle =
            [.. Blocks.Where(block => !block.HasRun && (isHere?.Invoke(block.ModuleName) ?? true)).Select(block => block.ModuleName)];
        if (idle.Length > 0)
        {
            throw new ConfigException(
                $"The model never runs {Shortened(idle)}, so that "
                + $"{(idle.Length == 1 ? "this block" : $"these {idle.Length} blocks")} cannot be trained; leave {(idle.Length == 1 ? "it" : "them")} out (adapter.exclude).");
        }
    }

    /// <summary>Opens what the shortcuts of one forward pass need; dispose it after the pass.</summary>
    /// <param name="tokenMask">[B, T], 0 for padding, which the calibration statistics leave out; null when nothing is padding.</param>
    /// <returns>The open pass.</returns>
    public ShortcutPass BeginPass(Tensor? tokenMask = null) =>
        ShortcutPass.Open(tokenMask, Config.Shortcut.Traits.AddsActivations ? Statistics : null, _observer);

    /// <summary>
    /// Takes the blocks off again: the model is as it was before, but for being frozen and for its saved modules, which are trained in
    /// place. The blocks stay usable.
    /// </summary>
    public void Remove()
    {
        foreach (var block in Blocks)
        {
            ModuleSlot.Replace(Model, block.ModuleName, block.BaseLayer);
        }
    }

    /// <summary>Puts a removed adapter's blocks back in their places.</summary>
    public void Restore()
    {
        foreach (var block in Blocks)
        {
            ModuleSlot.Replace(Model, block.ModuleName, block);
        }
    }

    /// <summary>The names of the linear layers that an adapter would go on.</summary>
    /// <param name="config">The adapter's settings.</param>
    /// <param name="linearNames">The dotted names of the model's linear layers.</param>
    /// <returns>The chosen names.</returns>
    /// <exception cref="ConfigException">A target or exclusion matches nothing, or everything is excluded.</exception>
    public static IReadOnlySet<string> Choose(AdapterConfig config, IReadOnlyCollection<string> linearNames)
    {
        ArgumentNullException.ThrowIfNull(config);
        ArgumentNullException.ThrowIfNull(linearNames);
        return LayerChoice.OfLinear(config, linearNames);
    }

    private static IEnumerable<string> BiasesOf(nn.Module model, AdapterConfig config, List<AdapterBlock> blocks)
    {
        var biases = model.named_parameters().Select(p => p.name).Where(name => name.EndsWith(".bias", StringComparison.Ordinal));
        return config.Lora?.Bias switch
        {
            null or BiasTraining.None => [],
            BiasTraining.LoraOnly => biases.Intersect(blocks.Select(block => $"{block.ModuleName}.base_layer.bias")),
            BiasTraining.All => biases,
            var other => throw new InvalidOperationException($"There is no training of biases {other}."),
        };
    }

    private static void RequireShortcut(ShortcutKind kind, IEnumerable<LayerSite> sites)
    {
        if (kind != ShortcutKind.None && sites.FirstOrDefault(site => site.WhyNot(kind) is not null) is { } site)
        {
            throw new ConfigException(
                $"adapter.shortcut: '{site.Name}': {site.WhyNot(kind)}; exclude it (adapter.exclude), or take another shortcut.");
        }
    }

    private static string Shortened(IReadOnlyList<string> names)
    {
        const int shown = 3;
        return names.Count <= shown ? string.Join(", ", names) : $"{string.Join(", ", names.Take(shown))} and {names.Count - shown} more";
    }

    private static bool IsWithin(string name, string module) => name == module || name.StartsWith(module + ".", StringComparison.Ordinal);

    private void Link()
    {
        if (Config.Shortcut.Kind == ShortcutKind.None)
        {
            return;
        }

        var m = Config.Shortcut.PreviousCount;
        foreach (var chain in Chains)
        {
            for (var n = 0; n < chain.Blocks.Count; n++)
            {
                var count = m == ShortcutConfig.AllPrevious ? n : Math.Min(m, n);
                var block = _byName[chain.Blocks[n]];
                block.Previous = [.. Enumerable.Range(1, count).Select(k => _byName[chain.Blocks[n - k]])];
                block.IsRead = m != 0 && n + 1 < chain.Blocks.Count;
            }
        }
    }

    private void WarnOfRanks()
    {
        var wide = Blocks.OfType<LowRankBlock>()
            .Where(block => block.Config.Rank > Math.Min(block.InFeatures, block.OutFeatures))
            .ToArray();
        if (wide.Length > 0)
        {
            Warnings.Add(
                $"A rank of {wide[0].Config.Rank} is more than '{wide[0].ModuleName}' can use, "
                + $"which is {wide[0].OutFeatures} x {wide[0].InFeatures} ({wide.Length} of {Blocks.Count} layers): " +
                $"it costs time and memory and gains nothing over {Math.Min(wide[0].InFeatures, wide[0].OutFeatures)}.");
        }
    }

    private sealed class Observation(AdaptedModel adapted) : IDisposable
    {
        public void Dispose() => adapted._observer = null;
    }
}
