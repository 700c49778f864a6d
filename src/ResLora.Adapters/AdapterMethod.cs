using ResLora.Adapters.Layers;
using ResLora.Adapters.Merging;
using ResLora.Formats.Errors;
using ResLora.Formats.Peft;
using static TorchSharp.torch;

namespace ResLora.Adapters;

/// <summary>
/// A way to fine-tune with few parameters: what its settings are, which blocks it puts on layers, which shortcuts and merges it has, and
/// how PEFT writes it. A method is one folder in <c>Methods</c> and one line in <see cref="AdapterMethods"/>.
/// </summary>
public abstract class AdapterMethod
{
    /// <summary>The name in configurations, such as <c>lora</c>.</summary>
    public abstract string Name { get; }

    /// <summary>The name for people, such as LoRA.</summary>
    public abstract string Title { get; }

    /// <summary>The method's <c>peft_type</c> in PEFT's files; null where PEFT does not know it.</summary>
    public abstract string? PeftType { get; }

    /// <summary>
    /// The names of a block's factors behind the module's, as in PEFT's files: <c>lora_A.weight</c>. Of a block, all or some are there.
    /// </summary>
    public abstract IReadOnlyList<string> FactorNames { get; }

    /// <summary>The keys of PEFT's configuration that the method reads, besides those that all methods have.</summary>
    public abstract IReadOnlySet<string> PeftKeys { get; }

    /// <summary>What its blocks have that a plain LoRA has no place for, a phrase; null where they are plain LoRA.</summary>
    public virtual string? BesidesLora => null;

    /// <summary>Whether an adapter folder of PEFT's can hold what merging a shortcut makes of the blocks.</summary>
    public virtual bool HasMergedAdapter => true;

    /// <summary>The present name of a factor that older files call otherwise.</summary>
    /// <param name="factorName">One of <see cref="FactorNames"/>.</param>
    /// <returns>The name that blocks have for it.</returns>
    public virtual string PresentName(string factorName) => factorName;

    /// <summary>What of the settings cannot be carried out with this method, a phrase each; empty when all is well.</summary>
    /// <param name="config">The adapter's settings.</param>
    /// <returns>The problems.</returns>
    public virtual IEnumerable<string> Problems(AdapterConfig config) => [];

    /// <summary>Why a shortcut has no meaning for this method, as the end of a sentence; null where it has one.</summary>
    /// <param name="kind">The shortcut, not none.</param>
    /// <returns>The reason, or null.</returns>
    public virtual string? WhyNot(ShortcutKind kind) => null;

    /// <summary>Whether blocks can be put on a layer of that kind.</summary>
    /// <param name="site">The layer.</param>
    /// <returns>True when they can.</returns>
    public virtual bool Takes(LayerSite site) => true;

    /// <summary>Makes the block of one layer.</summary>
    /// <param name="site">The layer; frozen from then on.</param>
    /// <param name="config">The settings, with the layer's own rank and alpha.</param>
    /// <param name="generator">The source of first values.</param>
    /// <returns>The block, which changes nothing before it is trained.</returns>
    public abstract AdapterBlock CreateBlock(LayerSite site, AdapterConfig config, Generator generator);

    /// <summary>The names of tensors that the blocks of an adapter share, as in PEFT's files; frozen, and saved with the adapter. None for
    /// most.</summary>
    public virtual IReadOnlyList<string> SharedNames => [];

    /// <summary>Makes what the blocks of an adapter share and gives it to them.</summary>
    /// <param name="blocks">All blocks of the adapter, one or more; theirs to free.</param>
    /// <returns>The tensors, one for each of <see cref="SharedNames"/>.</returns>
    public virtual IReadOnlyList<Tensor> Share(IReadOnlyList<AdapterBlock> blocks) => [];

    /// <summary>The merges that the method has, the usual one first.</summary>
    /// <param name="kind">The shortcut.</param>
    /// <param name="weight">γ, the shortcut's weight.</param>
    /// <returns>One or more.</returns>
    public virtual IReadOnlyList<MergeMethod> Merges(ShortcutKind kind, double weight) => kind switch
    {
        ShortcutKind.None => [MergeMethod.Exact],
        _ when weight == 0 => [MergeMethod.Exact],
        ShortcutKind.Block => [MergeMethod.Exact, MergeMethod.Dropped],
        ShortcutKind.Input or ShortcutKind.Middle =>
            [MergeMethod.LeastSquares, MergeMethod.Projection, MergeMethod.Input, MergeMethod.Weights, MergeMethod.Dropped],
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "There is no such shortcut."),
    };

    /// <summary>s, the factor of the update.</summary>
    /// <param name="config">The block's settings.</param>
    /// <returns>alpha / rank, or what the method takes instead.</returns>
    public virtual double Scaling(AdapterConfig config)
    {
        ArgumentNullException.ThrowIfNull(config);
        return LoraMath.Scaling(config.Alpha, config.Rank, config.RankStabilized);
    }

    /// <summary>What the learning rate of a factor is multiplied by.</summary>
    /// <param name="config">The adapter's settings.</param>
    /// <param name="factorName">The factor's name behind the module's.</param>
    /// <returns>The factor, above 0; 1 where all learn alike.</returns>
    public virtual double RateFactor(AdapterConfig config, string factorName) => 1;

    /// <summary>Whether what the method does in a step depends on how many steps the whole run has.</summary>
    public virtual bool DependsOnSteps => false;

    /// <summary>Refuses a run that the settings do not go with. Plans ask it, too, so that <see cref="Training"/> refuses
    /// nothing.</summary>
    /// <param name="adapted">The adapted model, which may be on the meta device; its settings are free of problems.</param>
    /// <param name="steps">The optimizer steps of the whole run.</param>
    /// <exception cref="ConfigException">They do not.</exception>
    public virtual void RequireTraining(AdaptedModel adapted, int steps)
    {
    }

    /// <summary>Why its factors are not averaged over the steps of a run, as the end of a sentence; null where they may be.</summary>
    public virtual string? WhyNotAveraged => null;

    /// <summary>How many numbers <see cref="Training"/> keeps for each of the blocks' own.</summary>
    public virtual int StateOfFactors => 0;

    /// <summary>The settings of an adapter cut to a smaller rank, for a method that trains several at once.</summary>
    /// <param name="config">The settings that it was trained with.</param>
    /// <param name="rank">The rank.</param>
    /// <returns>The settings of the plain LoRA that it is then.</returns>
    /// <exception cref="ConfigException">The method trains one rank only, or not that one.</exception>
    public virtual AdapterConfig CutTo(AdapterConfig config, int rank)
    {
        ArgumentNullException.ThrowIfNull(config);
        throw new ConfigException(
            $"The adapter is {Title}{(HasRank ? $" of rank {config.Rank}" : "")}, and cannot be cut to rank {rank}: only DyLoRA trains smaller ranks with the whole one. Leave the rank out.");
    }

    /// <summary>What the method does in training besides gradient steps; null where it does nothing.</summary>
    /// <param name="adapted">The adapted model, which <see cref="RequireTraining"/> has let pass.</param>
    /// <param name="steps">The optimizer steps of the whole run.</param>
    /// <param name="seed">The run's seed.</param>
    /// <returns>A new state of one run, or null.</returns>
    public virtual MethodTraining? Training(AdaptedModel adapted, int steps, long seed) => null;

    /// <summary>What is to be told of a saved adapter besides the settings that all methods have: names and values, in the order to be
    /// shown.</summary>
    /// <param name="description">The adapter folder.</param>
    /// <returns>The facts.</returns>
    public virtual IEnumerable<KeyValuePair<string, string>> Facts(AdapterDescription description) => [];

    /// <summary>Whether blocks have a rank and a scaling.</summary>
    public virtual bool HasRank => true;

    /// <summary>Whether PEFT's <c>rank_pattern</c> and <c>alpha_pattern</c> give ranks and alphas to modules.</summary>
    public virtual bool HasPatterns => true;

    /// <summary>The scaling in the words of PEFT's configuration.</summary>
    public virtual string PeftScaling => "lora_alpha / r";

    /// <summary>The settings as they are to be written, with what only the blocks know.</summary>
    /// <param name="adapted">The adapted model.</param>
    /// <returns>The settings.</returns>
    public virtual AdapterConfig WrittenConfig(AdaptedModel adapted)
    {
        ArgumentNullException.ThrowIfNull(adapted);
        return adapted.Config;
    }

    /// <summary>Whether a PEFT configuration of the method's type is one of this method's.</summary>
    /// <param name="file">The configuration.</param>
    /// <returns>True when it is.</returns>
    public virtual bool Reads(PeftConfig file) => true;

    /// <summary>Completes settings from a PEFT configuration with what is the method's own: rank, alpha and more.</summary>
    /// <param name="file">The configuration.</param>
    /// <param name="config">The settings that all methods have in common, read from the same file.</param>
    /// <returns>The settings.</returns>
    public abstract AdapterConfig ReadPeft(PeftConfig file, AdapterConfig config);

    /// <summary>What settings that were read say of modules that have no block, a phrase each; empty when all have one.</summary>
    /// <param name="config">The settings.</param>
    /// <param name="modules">The dotted names of the modules with blocks.</param>
    /// <returns>The phrases.</returns>
    public virtual IEnumerable<string> Unplaced(AdapterConfig config, IReadOnlyCollection<string> modules) => [];

    /// <summary>Settings that name modules, for a file or a model that calls these otherwise. Default: there are none.</summary>
    /// <param name="config">The settings.</param>
    /// <param name="modules">The modules with blocks, by their names in <paramref name="config"/> and those wanted.</param>
    /// <returns>The settings with the names wanted.</returns>
    public virtual AdapterConfig Renamed(AdapterConfig config, IEnumerable<(string From, string To)> modules) => config;

    /// <summary>Writes what is the method's own into a PEFT configuration.</summary>
    /// <param name="config">The settings.</param>
    /// <param name="keys">The configuration's keys, those that all methods have in common written already.</param>
    public abstract void WritePeft(AdapterConfig config, IDictionary<string, object?> keys);
}
