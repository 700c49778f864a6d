using ResLora.Adapters;
using ResLora.Adapters.Methods.AdaLora;
using ResLora.Experiments.Exporting;
using ResLora.Experiments.Running;
using ResLora.Formats.Errors;
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
    [InlineData("vera", "peft", ShortcutKind.None)]
    [InlineData("vera", "peft", ShortcutKind.Block)]
    [InlineData("vera", "vllm", ShortcutKind.None)]
    [InlineData("vera", "llama.cpp", ShortcutKind.Middle)]
    [InlineData("loha", "peft", ShortcutKind.None)]
    [InlineData("loha", "hf", ShortcutKind.Input)]
    [InlineData("loha", "llama.cpp", ShortcutKind.None)]
    [InlineData("lokr", "peft", ShortcutKind.None)]
    [InlineData("lokr", "hf", ShortcutKind.Block)]
    public void Run_EachTarget_IsProved(string method, string target, ShortcutKind kind)
    {
        var adapter = Trained(method, kind);

        var report = ExportJob.Run(
            new ExportOptions { Adapter = adapter, To = target, Output = world.Folder[$"{method}-{target}-{kind}"] });

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
        var values = SafetensorsReader.ReadHeader(Path.Combine(folder, file)).Entries.Values.First(
            e => e.Name.EndsWith(".lora_E", StringComparison.Ordinal) && e.Count > 0);

        TamperedFile.FlipSign(Path.Combine(folder, file), values.Name);
        ExportFolder.Rehash(folder, file);

        var module = values.Name["base_model.model.".Length..^".lora_E".Length];
        Assert.Contains(
            ExportCheck.Run(folder).Differences, d => d.Contains($"{file}: '{module}.weight' differs", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("loha", "peft", ShortcutKind.Input, "LoHa with a shortcut fits into no adapter of PEFT's")]
    [InlineData("lokr", "peft", ShortcutKind.Block, "LoKr with a shortcut fits into no adapter of PEFT's")]
    [InlineData("loha", "vllm", ShortcutKind.None, "dense updates (LoHa), which vLLM has no place for")]
    [InlineData("lokr", "vllm", ShortcutKind.None, "dense updates (LoKr), which vLLM has no place for")]
    public void Run_AdapterThatHasNoPlaceThere_IsRefused(string method, string target, ShortcutKind kind, string expected)
    {
        var output = world.Folder[$"refused-{method}-{target}"];

        var error = Assert.Throws<ConfigException>(
            () => ExportJob.Run(new ExportOptions { Adapter = Trained(method, kind), To = target, Output = output }));

        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(output));
    }

    [Theory]
    [InlineData("hada_w2_b", "loha")]
    [InlineData("lokr_w2", "lokr")]
    [InlineData("vera_lambda_b", "vera")]
    [InlineData("vera_A", "vera")]
    public void Check_AWrongFactor_IsFound(string factor, string method)
    {
        var folder = world.Folder[$"{factor}-flipped"];
        ExportJob.Run(new ExportOptions { Adapter = Trained(method, ShortcutKind.None), To = "peft", Output = folder });
        const string file = "adapter_model.safetensors";
        var name = SafetensorsReader.ReadHeader(Path.Combine(folder, file)).Entries.Keys.First(
            n => n[(n.LastIndexOf('.') + 1)..].StartsWith(factor, StringComparison.Ordinal));

        TamperedFile.FlipSign(Path.Combine(folder, file), name);
        ExportFolder.Rehash(folder, file);

        Assert.NotEmpty(ExportCheck.Run(folder).Differences);
    }

    private string Trained(string method, ShortcutKind kind)
    {
        var name = $"run-{method}-{kind}";
        var run = world.Run(name, kind);
        if (!Directory.Exists(world.Folder[name]))
        {
            var own = method == "adalora" ? new AdaLoraConfig { TargetRank = 1 } : null;
            var alpha = method == "vera" ? new AdapterConfig().Alpha : run.Adapter!.Alpha;
            TrainJob.Run(
                run with { Adapter = run.Adapter! with { Method = method, Alpha = alpha, AdaLora = own } },
                stop: TestContext.Current.CancellationToken);
        }

        return new RunFolder(world.Folder[name]).Best;
    }
}
