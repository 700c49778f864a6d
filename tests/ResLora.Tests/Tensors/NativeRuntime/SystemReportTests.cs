using System.Text.Json;
using ResLora.Tensors.NativeRuntime;
using Xunit;

namespace ResLora.Tests.Tensors.NativeRuntime;

public sealed class SystemReportTests
{
    [Fact]
    public void Collect_OnThisHost_FindsAWorkingLibtorch()
    {
        var report = SystemReport.Collect();

        Assert.Null(report.Problem);
        Assert.True(report.TensorCheckPassed);
        Assert.StartsWith("2.10.", report.LibtorchVersion, StringComparison.Ordinal);
        Assert.StartsWith("0.107.", report.TorchSharpVersion, StringComparison.Ordinal);
        Assert.True(report.IntraOpThreads >= 1);
        Assert.True(report.InterOpThreads >= 1);
        Assert.Equal(Environment.ProcessorCount, report.LogicalProcessors);
        Assert.Equal(report.CompatibilityCopyInUse, TorchRuntime.Status.CompatibilityCopyInUse);
    }

    [Fact]
    public void Collect_Memory_IsPlausible()
    {
        var report = SystemReport.Collect();

        Assert.True(report.TotalMemoryBytes > 100_000_000);
        Assert.True(
            report.AvailableMemoryBytes is null || (
                report.AvailableMemoryBytes > 0 && report.AvailableMemoryBytes <= report.TotalMemoryBytes));
    }

    [Fact]
    public void Collect_ThroughJson_ComesBackEqual()
    {
        var report = SystemReport.Collect();

        var copy = JsonSerializer.Deserialize<SystemReport>(JsonSerializer.Serialize(report));

        Assert.Equal(report, copy);
    }
}
