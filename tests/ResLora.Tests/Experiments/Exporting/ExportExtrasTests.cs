using ResLora.Experiments.Exporting;
using ResLora.Formats.Errors;
using ResLora.Tensors.Safetensors;
using ResLora.Tests.Adapters;
using Xunit;

namespace ResLora.Tests.Experiments.Exporting;

/// <summary>Adapters that came from PEFT with more than blocks: kept, added to weights, or refused by name.</summary>
public sealed class ExportExtrasTests(ExportWorld world) : IClassFixture<ExportWorld>
{
    private const string Query = "model.layers.1.self_attn.q_proj";

    [Theory]
    [InlineData("peft", "magnitude")]
    [InlineData("peft", "tokens")]
    [InlineData("peft", "embedding")]
    [InlineData("peft", "head")]
    [InlineData("hf", "magnitude")]
    [InlineData("hf", "tokens")]
    [InlineData("hf", "embedding")]
    [InlineData("hf", "head")]
    [InlineData("llama.cpp", "magnitude")]
    [InlineData("llama.cpp", "head")]
    public void Run_MoreThanBlocks_IsProved(string target, string extra)
    {
        using var files = Adapter(extra);
        var output = files.Other("exported");

        var report = ExportJob.Run(new ExportOptions
        {
            Model = world.Model,
            Adapter = files.Folder,
            To = target,
            Output = output,
            Task = "word-problems",
            Data = world.Data,
            AllowLossy = true,
        });

        Assert.All(report.Proofs, proof => Assert.Empty(proof.Faults()));
        Assert.Contains(
            report.Plan.Features,
            feature => feature.Name == "besides LoRA" && feature.State == (target == "peft" ? FeatureState.Kept : FeatureState.Baked));
        Assert.False(File.Exists(Path.Combine(output, "adapter.gguf")));
    }

    [Theory]
    [InlineData("magnitude", "magnitudes (DoRA)")]
    [InlineData("tokens", "2 trained tokens of model.embed_tokens")]
    [InlineData("embedding", "whole values of model.embed_tokens")]
    public void Plan_MoreThanBlocksForVllm_IsRefusedByNameWithAWayOut(string extra, string part)
    {
        using var files = Adapter(extra);

        var error = Assert.Throws<ConfigException>(
            () => ExportJob.Plan(new ExportOptions { Model = world.Model, Adapter = files.Folder, To = "vllm" }));

        Assert.Contains(part, error.Message, StringComparison.Ordinal);
        Assert.Contains("--to hf", error.Message, StringComparison.Ordinal);
    }

    private PeftFiles Adapter(string extra)
    {
        var files = new PeftFiles();
        var shape = CheckpointReader.ReadHeader(world.Model).Entries["model.embed_tokens.weight"].Shape;
        files.Block(Query, shape[1], shape[1]);
        switch (extra)
        {
            case "magnitude":
                files.Tensors[$"{PeftFiles.Prefix}{Query}.lora_magnitude_vector"] = files.Random(shape[1]).abs() + 0.5;
                files.Write(("use_dora", "true"), Target);
                break;
            case "tokens":
                files.Tensors[$"{PeftFiles.Prefix}model.embed_tokens.token_adapter.trainable_tokens_delta"] = files.Random(2, shape[1]);
                files.Write(("trainable_token_indices", "[5, 3]"), Target);
                break;
            default:
                var module = extra == "head" ? "lm_head" : "model.embed_tokens";
                files.Tensors[$"{PeftFiles.Prefix}{module}.weight"] = files.Random([.. shape]);
                files.Write(("modules_to_save", $"[\"{module}\"]"), Target);
                break;
        }

        return files;
    }

    private static (string Key, string Json) Target => ("target_modules", "\".*1.*q_proj\"");
}
