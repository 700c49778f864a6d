using ResLora.Adapters.Layers;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ResLora.Adapters.Methods.AdaLora;

/// <summary>
/// An update by singular values (AdaLoRA): h = W x + b + s · P Λ Q x. Pruned entries of Λ are 0; their rows of Q and columns of P stay,
/// since other blocks may read them and training may bring them back.
/// </summary>
public sealed class AdaLoraBlock : LowRankBlock
{
    internal const string DownName = "lora_A";
    internal const string UpName = "lora_B";
    internal const string ValuesName = "lora_E";

    private const double Deviation = 0.02;   // PEFT's

    private readonly long[] _shapeOfA;

    /// <summary>Wraps a layer.</summary>
    /// <param name="site">The layer; frozen from now on, its weight is never written.</param>
    /// <param name="config">Rank, scaling, dropout and shortcut.</param>
    /// <param name="generator">The source of the initial Q and P; Λ is 0.</param>
    public AdaLoraBlock(LayerSite site, AdapterConfig config, Generator generator) : base(site, config)
    {
        ArgumentNullException.ThrowIfNull(site);
        ArgumentNullException.ThrowIfNull(config);
        using var scope = NewDisposeScope();
        _shapeOfA = site.ShapeOfA(config.Rank);   // refuses what factors of low rank do not fit
        A = AddFactor(DownName, randn([config.Rank, InFeatures], dtype: float32, generator: generator) * Deviation);
        B = AddFactor(UpName, randn([OutFeatures, config.Rank], dtype: float32, generator: generator) * Deviation);
        E = AddFactor(ValuesName, zeros([config.Rank, 1], dtype: float32));
        Kept = config.AdaLora is { } own ? RankPattern.Of(own.Kept, site.Name) : null;
        Schedule = config.AdaLora?.Schedule;
    }

    /// <summary>Q, the right singular vectors [R, Din], float32; flat for every kind of layer.</summary>
    public Parameter A { get; }

    /// <summary>P, the left singular vectors [Dout, R], float32; flat for every kind of layer.</summary>
    public Parameter B { get; }

    /// <summary>Λ, the singular values [R, 1], float32.</summary>
    public Parameter E { get; }

    /// <summary>Which entries of Λ the last division of the budget has kept; null where there was none.</summary>
    public IReadOnlyList<bool>? Kept { get; internal set; }

    /// <summary>The schedule by which the block was trained; null where that is not known.</summary>
    internal AdaLoraSchedule? Schedule { get; set; }

    /// <inheritdoc />
    public override LoraPair Pair
    {
        get
        {
            var up = AdaLoraMath.Up(B, E);
            return Site is LinearSite ? new(A, up, Scaling) : new(
                A.view(_shapeOfA), up.view(Site.ShapeOfB(Config.Rank)), Scaling)
            { Site = Site };
        }
    }

    /// <inheritdoc />
    public override BlockCost Cost => base.Cost with { Fixed = Updates * OutFeatures * Config.Rank };

    /// <inheritdoc />
    public override StoredBlock Stored() =>
        new([.. Factors.Select(f => KeyValuePair.Create(f.Key, StoredPart(f.Key)?.Of(f.Value) ?? f.Value))], Config.Rank, Config.Alpha);

    /// <inheritdoc />
    // PEFT cuts what is pruned off; entries that have come back since stay.
    public override FactorPart? StoredPart(string factorName)
    {
        if (StoredEntries() is not { } entries)
        {
            return null;
        }

        long[] indices = [.. Enumerable.Range(0, entries.Count).Where(i => entries[i]).Select(i => (long)i)];
        return new FactorPart(factorName == UpName ? 1 : 0, indices);
    }

    /// <summary>Which entries a folder of PEFT's holds; null for all.</summary>
    internal IReadOnlyList<bool>? StoredEntries()
    {
        using var noGradient = no_grad();
        using var values = E.cpu();
        return Kept?.Zip(values.data<float>(), (kept, value) => kept || value != 0).ToArray();
    }
}
