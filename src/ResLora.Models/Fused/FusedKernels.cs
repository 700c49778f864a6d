using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using ResLora.Tensors.NativeRuntime;
using static TorchSharp.torch;

namespace ResLora.Models.Fused;

/// <summary>
/// Where the network's steps between its matrix products can run as kernels of ours, one pass over memory each, instead of as chains of
/// libtorch's operations: for bfloat16 activations on a processor with AVX-512 and frozen weights; anything else takes libtorch's way.
/// Each network has a switch of its own (<see cref="Network.UsesFusedKernels"/>).
/// </summary>
/// <remarks>
/// Both ways compute the same within the rounding of bfloat16; the kernels keep float32 between their first read and their last write.
/// Figures: bench/README.md.
/// </remarks>
public static class FusedKernels
{
    /// <summary>The most logits that the loss holds at a time: 16 MB.</summary>
    public const long MostLogits = 8L << 20;

    /// <summary>Whether this processor has the instructions that the kernels are written for.</summary>
    public static bool IsSupported => Vector512.IsHardwareAccelerated && Avx512F.IsSupported && Avx512BW.VL.IsSupported;

    /// <summary>
    /// Whether this processor also multiplies bfloat16 by itself (AVX512_BF16 or AMX); without that, products in bfloat16 are slower than
    /// in float32.
    /// </summary>
    public static bool HasProducts { get; } = IsSupported
        && CpuFeatures.Detect() is { Avx512Bfloat16: true } or { Avx512: true, AmxBfloat16: true };

    /// <summary>Whether a kernel may take these activations.</summary>
    /// <param name="activations">[..., D], borrowed.</param>
    /// <returns>True when the tensor is bfloat16, on the processor, with D a multiple of the lanes of a
    /// vector.</returns>
    internal static bool Fit(Tensor activations) =>
        IsSupported && activations.dtype == ScalarType.BFloat16 && activations.device_type == TorchSharp.DeviceType.CPU
        && activations.shape[^1] % Lanes.Count == 0;

    /// <summary>Whether a kernel may take these activations and a weight that it gives no gradient.</summary>
    /// <param name="activations">[..., D], borrowed.</param>
    /// <param name="weight">The weight, borrowed.</param>
    /// <returns>True when both fit.</returns>
    internal static bool Fit(Tensor activations, Tensor weight) =>
        Fit(activations) && weight.dtype == ScalarType.BFloat16 && !weight.requires_grad;
}
