using ResLora.Adapters;
using ResLora.Adapters.Methods.AdaLora;
using ResLora.Experiments.Exporting;
using ResLora.Experiments.Running;
using ResLora.Tensors.Safetensors;
using Xunit;

namespace ResLora.Tests.Experiments.Exporting;

/// <summary>Exports of other methods than LoRA.</summary>
public sealed class ExportMethodsTests(ExportWorld world) : IClassFixture<ExportWorld>
{
    // float32, logits of a few units: the merged weight is rounded once, the unmerged update separately.
    private const double Rounding = 1e-4;

    [Theory]
    [InlineData("adalora", "peft", ShortcutKind.None)]
    [InlineData("adalora", "peft", ShortcutKind.Middle)]
    [InlineData("adalora", "vllm", ShortcutKind.None)]
    [InlineData("adalora", "hf", ShortcutKind.None)]
    [InlineData("adalora", "llama.cpp", ShortcutKind.Block)]
    public void Run_EachTarget_IsProved(string method, string target, ShortcutKind kind)
    {
        var adapter = Trained(method, kind);

        var report = ExportJob.Run(new ExportOptions { Adapter = adapter, To = target, Output = world.Folder[$"{method}-{target}-{kind}"] });

        Assert.NotEmpty(report.Proofs);
        Assert.All(report.Proofs, proof =>
        {
            Assert.Empty(proof.Faults());
            Assert.InRange(proof.MaxLogitDifference, 0, Rounding);
        });
    }

    [Fact]
    public void Check_AWrongSingularValue_IsFound()
    {
        var folder = world.Folder["adalora-flipped"];
        ExportJob.Run(new ExportOptions { Adapter = Trained("adalora", ShortcutKind.None), To = "peft", Output = folder });
        const string file = "adapter_model.safetensors";
        var values = SafetensorsReader.ReadHeader(Path.Combine(folder, file)).Entries.Values.First(e => e.Name.EndsWith(".lora_E", StringComparison.Ordinal) && e.Count > 0);

        TamperedFile.FlipSign(Path.Combine(folder, file), values.Name);
        ExportFolder.Rehash(folder, file);

        var module = values.Name["base_model.model.".Length..^".lora_E".Length];
        Assert.Contains(ExportCheck.Run(folder).Differences, d => d.Contains($"{file}: '{module}.weight' differs", StringComparison.Ordinal));
    }

    private string Trained(string method, ShortcutKind kind)
    {
        var name = $"run-{method}-{kind}";
        var run = world.Run(name, kind);
        if (!Directory.Exists(world.Folder[name]))
        {
            var own = method == "adalora" ? new AdaLoraConfig { TargetRank = 1 } : null;
            TrainJob.Run(run with { Adapter = run.Adapter! with { Method = method, AdaLora = own } }, stop: TestContext.Current.CancellationToken);
        }

        return new RunFolder(world.Folder[name]).Best;
    }
}
