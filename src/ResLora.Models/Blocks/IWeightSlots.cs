using TorchSharp.Modules;

namespace ResLora.Models.Blocks;

/// <summary>What kind of parameter one is, which decides how a new one begins.</summary>
internal enum SlotKind
{
    /// <summary>A matrix: drawn at random.</summary>
    Weight,

    /// <summary>A bias: zeros.</summary>
    Bias,

    /// <summary>The gain of a norm: ones.</summary>
    Norm,
}

/// <summary>A parameter that a module holds.</summary>
/// <param name="Name">Its name in the module, later in the network.</param>
/// <param name="Kind">Its kind.</param>
/// <param name="Shape">Its shape.</param>
/// <param name="Assign">Puts another parameter in its place.</param>
internal sealed record WeightSlot(string Name, SlotKind Kind, long[] Shape, Action<Parameter> Assign);

/// <summary>A module of ours with parameters of its own.</summary>
internal interface IWeightSlots
{
    /// <summary>Its own parameters, those of its children not included.</summary>
    IEnumerable<WeightSlot> Slots { get; }
}
