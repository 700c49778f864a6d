using static TorchSharp.torch;

namespace ResLora.Tensors.NativeRuntime;

/// <summary>
/// The random numbers of CUDA devices. libtorch draws dropout there from a generator of each device, whose state TorchSharp does not hand
/// out; so that a run's random numbers are one sequence all the same, those of the devices are seeded from the processor's.
/// </summary>
/// <remarks>Not tested: written without a GPU at hand.</remarks>
public static class CudaRandom
{
    /// <summary>Begins a sequence on all devices that depends on where the processor's generator stands, and moves that on.</summary>
    public static void Follow()
    {
        using var drawn = randint(long.MaxValue, [1], dtype: int64, device: CPU);
        cuda.manual_seed_all(drawn.item<long>());
    }
}
