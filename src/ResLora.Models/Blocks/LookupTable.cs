using System.Diagnostics.CodeAnalysis;
using ResLora.Tensors;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace ResLora.Models.Blocks;

/// <summary>
/// A row of a matrix for every id. TorchSharp's own embedding makes a new handle whenever its weight is asked for, and allocates and draws
/// its weight even on the meta device.
/// </summary>
internal sealed class LookupTable : nn.Module<Tensor, Tensor>, IWeightSlots, ILookupLayer
{
    [ComponentName(Name = "weight")] private Parameter _weight;

    /// <summary>Creates the module with a weight on the meta device.</summary>
    /// <param name="rows">How many ids there are.</param>
    /// <param name="width">D, the width of a row.</param>
    public LookupTable(long rows, long width) : this(new Parameter(empty(rows, width, device: META), requires_grad: false))
    {
    }

    private LookupTable(Parameter rows) : base(nameof(LookupTable)) => Weight = rows;

    /// <inheritdoc />
    public IEnumerable<WeightSlot> Slots => [new("weight", SlotKind.Weight, Weight.shape, p => Weight = p)];

    /// <summary>The rows, [V, D].</summary>
    public Parameter Weight
    {
        get => _weight;
        [MemberNotNull(nameof(_weight))]
        private set
        {
            value.DetachFromDisposeScope();
            ConditionallyRegisterParameter("weight", value);
            _weight = value;
        }
    }

    /// <summary>The table in a slot that may carry an adapter block.</summary>
    /// <param name="slot">The table itself, or a block on it.</param>
    /// <returns>The table, borrowed.</returns>
    public static LookupTable In(nn.Module slot) =>
        slot as LookupTable ?? (LookupTable)slot.named_children().First(child => child.name == "base_layer").module;

    /// <inheritdoc />
    public nn.Module<Tensor, Tensor> With(Parameter rows) => new LookupTable(rows);

    /// <inheritdoc />
    public override Tensor forward(Tensor input)   // [B, T] -> [B, T, D]
    {
        using var scope = NewDisposeScope();
        return Weight.index_select(0, input.flatten()).view([.. input.shape, -1]).MoveToOuterDisposeScope();
    }
}
