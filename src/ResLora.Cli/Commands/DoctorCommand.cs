using ResLora.Cli.Rendering;
using ResLora.Formats;
using ResLora.Tensors.NativeRuntime;
using Spectre.Console;

namespace ResLora.Cli.Commands;

/// <summary><c>reslora doctor</c>.</summary>
internal static class DoctorCommand
{
    /// <summary>Makes the command.</summary>
    public static Verb Create() => new Verb(
        "doctor",
        "Report the runtime, libtorch, the processor and the memory, and check that tensors work.",
        "doctor",
        "doctor --json")
        .Does((_, context) =>
        {
            var report = SystemReport.Collect();
            context.Result(report, terminal => Draw(report, terminal));
            return report.Problem is null ? ExitCode.Done : ExitCode.Failed;
        });

    private static void Draw(SystemReport report, IAnsiConsole terminal)
    {
        var cpu = report.CpuFeatures;
        terminal.Write(Tables.Facts(
        [
            new("runtime", $"{report.Runtime} on {report.OperatingSystem} ({report.Architecture})"),
            new("TorchSharp", report.TorchSharpVersion),
            new("libtorch", report.LibtorchVersion ?? "does not load"),
            new(
                "threads",
                report.IntraOpThreads is { } threads ? $"{threads} for an operation, {report.InterOpThreads} side by side" : "unknown"),
            new("processors", $"{report.LogicalProcessors}"),
            new("instructions", $"AVX2 {YesNo(cpu.Avx2)}, AVX-512 {YesNo(cpu.Avx512)}, bfloat16 {YesNo(cpu.Avx512Bfloat16)} (AMX {YesNo(cpu.AmxBfloat16)})"),
            new("CUDA", report.CudaAvailable ? $"{report.CudaDevices} devices" : "none"),
            new("models computed on", report.Device ?? "unknown"),
            new(
                "memory",
                report.AvailableMemoryBytes is { } free
                    ? $"{ByteSize.Format(free)} free of {ByteSize.Format(report.TotalMemoryBytes)}"
                    : ByteSize.Format(report.TotalMemoryBytes)),
            new("compatibility copy", report.CompatibilityCopyInUse ? $"in use: {report.NativeLibraryPath}" : "not needed"),
            new("tensor check", report.TensorCheckPassed ? "passed" : "failed"),
        ]));
        if (report.Problem is { } problem)
        {
            Tables.Sentence(terminal, problem);
        }
    }

    private static string YesNo(bool? value) => value is { } known ? Tables.YesNo(known) : "unknown";
}
