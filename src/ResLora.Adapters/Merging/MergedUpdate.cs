using ResLora.Adapters.Layers;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ResLora.Adapters.Merging;

/// <summary>What a merged block does to its layer's weight: of low rank, of low rank with lengths of rows, or dense.</summary>
/// <param name="site">The layer.</param>
public abstract class MergedUpdate(LayerSite site) : IDisposable
{
    /// <summary>The layer.</summary>
    public LayerSite Site => site;

    /// <summary>The rank of the update; Din where it is dense.</summary>
    public abstract long Rank { get; }

    /// <summary>s, the factor that <see cref="Factors"/> do not have in them; 1 where they are all of it.</summary>
    public virtual double Scaling => 1;

    /// <summary>The method whose adapter the update is; null where it fits into no adapter.</summary>
    public abstract AdapterMethod? StoredAs { get; }

    /// <summary>The tensors that the update is stored as, by PEFT's names behind the module's; borrowed.</summary>
    public abstract IReadOnlyList<KeyValuePair<string, Tensor>> Factors { get; }

    /// <summary>W*, in float32 and rounded once to W's dtype. W itself is not touched.</summary>
    /// <returns>New tensor in the layer's own shape, without gradient, owned by the caller.</returns>
    public Tensor MergedWeight()
    {
        using var noGradient = no_grad();
        using var scope = NewDisposeScope();
        return ExactWeight().to(site.Weight.dtype).MoveToOuterDisposeScope();
    }

    /// <summary>A plain layer with W*.</summary>
    /// <returns>The layer, and those of its parameters that are not the base's; both owned by the caller.</returns>
    internal virtual (nn.Module<Tensor, Tensor> Layer, IReadOnlyList<Parameter> Own) PlainLayer()
    {
        var (layer, weight) = site.WithWeight(MergedWeight());
        return (layer, [weight]);
    }

    /// <summary>W* in float32, before it is rounded.</summary>
    /// <returns>New tensor in the layer's own shape, without gradient, in the caller's dispose scope.</returns>
    internal abstract Tensor ExactWeight();

    /// <summary>The update as factors of s · B A; null where a pair of factors is not all of it.</summary>
    /// <returns>The factors, borrowed, or null.</returns>
    public virtual LoraPair? AsLowRank() => null;

    /// <summary>By how much the layer's output changes.</summary>
    /// <param name="input">The layer's input, borrowed.</param>
    /// <returns>The change, in the caller's dispose scope.</returns>
    public abstract Tensor Change(Tensor input);

    /// <summary>An update of the same kind that changes nothing.</summary>
    /// <returns>The new update, owned by the caller.</returns>
    public abstract MergedUpdate WithoutEffect();

    /// <summary>Takes the tensors out of the dispose scope that they were made in.</summary>
    /// <returns>The update itself.</returns>
    internal MergedUpdate Keep()
    {
        foreach (var (_, factor) in Factors)
        {
            factor.DetachFromDisposeScope();
        }

        return this;
    }

    /// <summary>Frees the tensors.</summary>
    public virtual void Dispose()
    {
        foreach (var (_, factor) in Factors)
        {
            factor.Dispose();
        }

        GC.SuppressFinalize(this);
    }
}
