using ResLora.Adapters;
using ResLora.Experiments.Exporting;
using ResLora.Formats.Errors;
using Xunit;

namespace ResLora.Tests.Experiments.Exporting.Toy;

/// <summary>A target is one file and one registration: planning, proofs and reports find it by that.</summary>
public sealed class ToyTargetTests(ExportWorld world) : IClassFixture<ExportWorld>, IDisposable
{
    private const double Rounding = 1e-4;   // as in ExportJobTests

    private readonly IDisposable _registered = ExportTargets.Register(new ToyTarget());

    public void Dispose() => _registered.Dispose();

    [Fact]
    public void Run_RegisteredTarget_IsProvedAndReported()
    {
        var report = ExportJob.Run(
            new ExportOptions { Adapter = world.Adapter(ShortcutKind.Block), To = "toy", Output = world.Folder["toy"] });

        Assert.Equal([ToyTarget.FileName], report.Files.Select(file => file.Name));
        Assert.InRange(Assert.Single(report.Proofs).MaxLogitDifference, 0, Rounding);
        Assert.Equal("weights", Assert.Single(report.Plan.Features).Name);
    }

    [Fact]
    public void Register_NameThatIsTaken_IsRefused() => Assert.Throws<ArgumentException>(() => ExportTargets.Register(new ToyTarget()));

    [Fact]
    public void Register_TakenOutAgain_IsThereNoMore()
    {
        _registered.Dispose();

        Assert.Throws<ConfigException>(() => ExportTargets.Get("toy"));
    }
}
