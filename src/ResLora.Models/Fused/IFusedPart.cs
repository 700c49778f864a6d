namespace ResLora.Models.Fused;

/// <summary>A part of a network that has a kernel of ours beside libtorch's operations.</summary>
internal interface IFusedPart
{
    /// <summary>Whether the kernel is used where it fits; the network sets it for all of its parts. Default true.</summary>
    bool UsesFusedKernels { get; set; }
}
