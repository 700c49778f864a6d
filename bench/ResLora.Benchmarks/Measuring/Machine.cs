using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using ResLora.Tensors.NativeRuntime;

namespace ResLora.Benchmarks.Measuring;

/// <summary>Where numbers were measured; without this they mean nothing.</summary>
internal sealed record Machine
{
    /// <summary>The processor's name; null where the system does not tell.</summary>
    public string? Processor { get; init; }

    /// <summary>Logical processors that this process may use.</summary>
    public required int Cores { get; init; }

    /// <summary>The vector instructions that decide over matrix products, by the kernel's names.</summary>
    public required IReadOnlyList<string> Instructions { get; init; }

    /// <summary>Memory that this process may use, in bytes.</summary>
    public required long MemoryBytes { get; init; }

    /// <summary>The operating system.</summary>
    public required string OperatingSystem { get; init; }

    /// <summary>The .NET runtime.</summary>
    public required string Runtime { get; init; }

    /// <summary>libtorch's version.</summary>
    public string? Libtorch { get; init; }

    /// <summary>Threads that share one operation.</summary>
    public int? Threads { get; init; }

    /// <summary>
    /// Processes that ran or waited, the mean of the minute before the start; above a few tenths something else was at work.
    /// </summary>
    public double? LoadBefore { get; init; }

    /// <summary>The commit that the working folder is at, with <c>+changes</c> where files differ from it; null without git.</summary>
    public string? Commit { get; init; }

    /// <summary>Whether this program was built for speed.</summary>
    public required bool IsOptimized { get; init; }

    /// <summary>Asks the system.</summary>
    public static Machine Describe()
    {
        var report = SystemReport.Collect();
        var cpu = report.CpuFeatures;
        (string Name, bool? Has)[] instructions =
            [("avx2", cpu.Avx2), ("avx512f", cpu.Avx512), ("avx512_bf16", cpu.Avx512Bfloat16), ("amx_bf16", cpu.AmxBfloat16)];
        return new Machine
        {
            Processor = FirstLine("/proc/cpuinfo", "model name")?.Split(':', 2)[^1].Trim(),
            Cores = report.LogicalProcessors,
            Instructions = [.. instructions.Where(i => i.Has == true).Select(i => i.Name)],
            MemoryBytes = report.TotalMemoryBytes,
            OperatingSystem = report.OperatingSystem,
            Runtime = report.Runtime,
            Libtorch = report.LibtorchVersion,
            Threads = report.IntraOpThreads,
            LoadBefore = double.TryParse(
                FirstLine("/proc/loadavg", "")?.Split(' ')[0], CultureInfo.InvariantCulture, out var load) ? load : null,
            Commit = FindCommit(),
            IsOptimized = !typeof(Machine).Assembly.GetCustomAttributes(inherit: false).OfType<DebuggableAttribute>().Any(
                a => a.IsJITOptimizerDisabled),
        };
    }

    private static string? FirstLine(string file, string start) =>
        File.Exists(file) ? File.ReadLines(file).FirstOrDefault(line => line.StartsWith(start, StringComparison.Ordinal)) : null;

    private static string? FindCommit() => Git("rev-parse", "HEAD") is { Length: > 0 } commit
        ? commit + (Git("status", "--porcelain") is { Length: > 0 } ? "+changes" : "")
        : null;

    private static string? Git(params string[] arguments)
    {
        try
        {
            using var git = Process.Start(new ProcessStartInfo("git", arguments)
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true,
                WorkingDirectory = AppContext.BaseDirectory,
            })!;
            git.ErrorDataReceived += (_, _) => { };
            git.BeginErrorReadLine();
            var output = git.StandardOutput.ReadToEnd().Trim();
            git.WaitForExit();
            return git.ExitCode == 0 ? output : null;
        }
        catch (Win32Exception)
        {
            return null;   // there is no git
        }
    }
}
