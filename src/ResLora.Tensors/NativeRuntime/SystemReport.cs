using System.Reflection;
using System.Runtime.InteropServices;
using ResLora.Formats.Errors;
using ResLora.Formats.NativeRuntime;
using TorchSharp;

namespace ResLora.Tensors.NativeRuntime;

/// <summary>What a maintainer asks for first: runtime, libtorch, processor, memory, and whether a tensor operation runs.</summary>
public sealed record SystemReport
{
    /// <summary>The .NET runtime, for example <c>.NET 10.0.1</c>.</summary>
    public required string Runtime { get; init; }

    /// <summary>The operating system and its version.</summary>
    public required string OperatingSystem { get; init; }

    /// <summary>The architecture of this process, for example <c>X64</c>.</summary>
    public required string Architecture { get; init; }

    /// <summary>The version of the TorchSharp assembly.</summary>
    public required string TorchSharpVersion { get; init; }

    /// <summary>The version of libtorch that TorchSharp was built for; null when its native library cannot be loaded.</summary>
    public string? LibtorchVersion { get; init; }

    /// <summary>Threads that share one operation; null without libtorch.</summary>
    public int? IntraOpThreads { get; init; }

    /// <summary>Threads that run operations side by side; null without libtorch.</summary>
    public int? InterOpThreads { get; init; }

    /// <summary>Logical processors that this process may use.</summary>
    public required int LogicalProcessors { get; init; }

    /// <summary>The processor's vector instructions.</summary>
    public required CpuFeatures CpuFeatures { get; init; }

    /// <summary>Whether libtorch can use CUDA here; false without libtorch.</summary>
    public bool CudaAvailable { get; init; }

    /// <summary>The number of CUDA devices.</summary>
    public int CudaDevices { get; init; }

    /// <summary>The device that models are computed on, such as <c>cpu</c> or <c>cuda:0</c>; null where it cannot be had.</summary>
    public string? Device { get; init; }

    /// <summary>Memory that this process may use, in bytes: the machine's, or the container's limit.</summary>
    public required long TotalMemoryBytes { get; init; }

    /// <summary>
    /// Memory that is free or can be freed at once, in bytes, and never above the total; null where the system does not tell.
    /// </summary>
    public long? AvailableMemoryBytes { get; init; }

    /// <summary>Whether TorchSharp runs from the patched copy of its native library, see <see cref="TorchRuntime"/>.</summary>
    public required bool CompatibilityCopyInUse { get; init; }

    /// <summary>The path of TorchSharp's native library; null when TorchSharp's own search found it or nothing did.</summary>
    public string? NativeLibraryPath { get; init; }

    /// <summary>Whether a small matrix product was computed and is right.</summary>
    public bool TensorCheckPassed { get; init; }

    /// <summary>One sentence on what is wrong and what to do; null when tensors work.</summary>
    public string? Problem { get; init; }

    /// <summary>Gathers the facts; loads libtorch. Never throws for a libtorch that does not work: see <see cref="Problem"/>.</summary>
    /// <returns>The report.</returns>
    public static SystemReport Collect()
    {
        var status = TorchRuntime.Status;
        var report = new SystemReport
        {
            Runtime = RuntimeInformation.FrameworkDescription,
            OperatingSystem = RuntimeInformation.OSDescription,
            Architecture = RuntimeInformation.ProcessArchitecture.ToString(),
            TorchSharpVersion = VersionOf(typeof(torch).Assembly),
            LogicalProcessors = Environment.ProcessorCount,
            CpuFeatures = CpuFeatures.Detect(),
            TotalMemoryBytes = SystemMemory.TotalBytes,
            AvailableMemoryBytes = SystemMemory.AvailableBytes(),
            CompatibilityCopyInUse = status.CompatibilityCopyInUse,
            NativeLibraryPath = status.LibraryPath,
            Problem = status.Problem,
        };
        return status.Problem is null ? WithDevice(AskLibtorch(report)) : report;
    }

    private static SystemReport AskLibtorch(SystemReport report)
    {
        try
        {
            var passed = MatrixProductIsRight();
            return report with
            {
                LibtorchVersion = torch.__version__,
                IntraOpThreads = torch.get_num_threads(),
                InterOpThreads = torch.get_num_interop_threads(),
                CudaAvailable = torch.cuda.is_available(),
                CudaDevices = torch.cuda.is_available() ? torch.cuda.device_count() : 0,
                TensorCheckPassed = passed,
                Problem = passed ? null : "libtorch computed a wrong matrix product: the processor or the installation is broken; reinstall libtorch, then test the memory.",
            };
        }
        catch (Exception exception) when (
            exception is TypeInitializationException or NotSupportedException or DllNotFoundException or ExternalException)
        {
            var cause = (exception.GetBaseException().Message.Split('\n')[0]).TrimEnd('.', '\r');
            return report with { Problem = $"TorchSharp's native library does not work here: {cause}." };
        }
    }

    private static SystemReport WithDevice(SystemReport report)
    {
        try
        {
            return report.Problem is null ? report with { Device = ComputeDevice.Current.ToString() } : report;
        }
        catch (ConfigException exception)
        {
            return report with { Problem = exception.Message };
        }
    }

    // Sums of whole numbers are exact in float32 in any order, so the comparison needs no tolerance.
    private static bool MatrixProductIsRight()
    {
        using var scope = torch.NewDisposeScope();
        var row = torch.arange(64, dtype: torch.ScalarType.Float32).reshape(1, 64);
        return row.matmul(row.t()).item<float>() == 85_344f;  // 0² + 1² + … + 63²
    }

    private static string VersionOf(Assembly assembly) =>
        assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0]
        ?? assembly.GetName().Version?.ToString()
        ?? "unknown";
}
