using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ResLora.Adapters.Methods.AdaLora;

/// <summary>Sensitivity and uncertainty of one factor of every block. Factors of one shape are kept together, since each is
/// small.</summary>
internal sealed class FactorImportance : IDisposable
{
    private readonly List<Group> _groups = [];
    private readonly Tensor _order;   // where each block's factor stands when groups are put behind each other

    public FactorImportance(string name, Parameter[] factors)
    {
        using var scope = NewDisposeScope();
        foreach (var group in factors.Index().GroupBy(factor => string.Join('x', factor.Item.shape)))
        {
            Parameter[] members = [.. group.Select(factor => factor.Item)];
            long[] shape = [members.Length, .. members[0].shape];
            Tensor Zeros() => zeros(shape, dtype: float32, device: members[0].device).DetachFromDisposeScope();
            _groups.Add(new Group($"{name}.{group.Key}", [.. group.Select(factor => factor.Index)], members, Zeros(), Zeros()));
        }

        var places = new long[factors.Length];
        foreach (var (place, block) in _groups.SelectMany(group => group.Blocks).Index())
        {
            places[block] = place;
        }

        _order = tensor(places, device: factors[0].device).DetachFromDisposeScope();
    }

    /// <summary>What a run needs to go on, by name; borrowed.</summary>
    public IEnumerable<KeyValuePair<string, Tensor>> State => _groups.SelectMany(group => new[]
    {
        KeyValuePair.Create($"sensitivity.{group.Name}", group.Sensitivity),
        KeyValuePair.Create($"uncertainty.{group.Name}", group.Uncertainty),
    });

    /// <summary>Takes in the gradients of a step. A factor without one has none to be sensitive to.</summary>
    public void Measure(AdaLoraConfig config)
    {
        foreach (var group in _groups)
        {
            using var scope = NewDisposeScope();
            var gradients = stack(group.Factors.Select(factor => factor.grad ?? zeros_like(factor)));
            AdaLoraMath.Measure(stack(group.Factors), gradients, group.Sensitivity, group.Uncertainty, config.Beta1, config.Beta2);
        }
    }

    /// <summary>The products of both, meant over the dimension that is not the rank.</summary>
    /// <param name="dimension">That dimension, where 0 counts the factors.</param>
    /// <returns>[N, R] in the order of the blocks, in the caller's dispose scope.</returns>
    public Tensor PerTriplet(int dimension)
    {
        using var scope = NewDisposeScope();
        Tensor[] means = [.. _groups.Select(group => (group.Sensitivity * group.Uncertainty).mean([dimension]))];
        return cat(means).index_select(0, _order).MoveToOuterDisposeScope();
    }

    public void Dispose()
    {
        foreach (var group in _groups)
        {
            group.Sensitivity.Dispose();
            group.Uncertainty.Dispose();
        }

        _order.Dispose();
    }

    private sealed record Group(string Name, int[] Blocks, Parameter[] Factors, Tensor Sensitivity, Tensor Uncertainty);
}
