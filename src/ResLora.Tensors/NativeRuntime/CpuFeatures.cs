using System.Runtime.Intrinsics.X86;

namespace ResLora.Tensors.NativeRuntime;

/// <summary>The vector instructions of this processor that decide how fast libtorch multiplies matrices.</summary>
/// <param name="Avx2">Eight float32 lanes (AVX2).</param>
/// <param name="Avx512">Sixteen float32 lanes (AVX-512 F).</param>
/// <param name="Avx512Bfloat16">Bfloat16 dot products (AVX512-BF16); null when this system does not tell.</param>
/// <param name="AmxBfloat16">Bfloat16 matrix tiles (AMX-BF16); null when this system does not tell.</param>
public sealed record CpuFeatures(bool Avx2, bool Avx512, bool? Avx512Bfloat16, bool? AmxBfloat16)
{
    private const string CpuInfo = "/proc/cpuinfo";

    /// <summary>Asks the processor, and on Linux the kernel for what .NET has no name for.</summary>
    /// <returns>The features; all false on a processor that is not x86.</returns>
    public static CpuFeatures Detect()
    {
        if (!X86Base.IsSupported)
        {
            return new CpuFeatures(false, false, false, false);
        }

        var flags = KernelFlags();
        return new CpuFeatures(
            System.Runtime.Intrinsics.X86.Avx2.IsSupported, Avx512F.IsSupported,
            flags?.Contains("avx512_bf16"), flags?.Contains("amx_bf16"));
    }

    private static HashSet<string>? KernelFlags()
    {
        if (!File.Exists(CpuInfo))
        {
            return null;
        }

        var line = File.ReadLines(CpuInfo).FirstOrDefault(line => line.StartsWith("flags", StringComparison.Ordinal));
        return line?[(line.IndexOf(':') + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries).ToHashSet(StringComparer.Ordinal);
    }
}
