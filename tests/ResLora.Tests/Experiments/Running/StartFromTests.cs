using ResLora.Experiments.Planning;
using ResLora.Experiments.Running;
using ResLora.Formats.Errors;
using ResLora.Tensors.Safetensors;
using ResLora.Tests.Adapters;
using Xunit;

namespace ResLora.Tests.Experiments.Running;

public sealed class StartFromTests(TinyWorld world) : IClassFixture<TinyWorld>
{
    [Fact]
    public void Run_AdapterWithMoreThanBlocks_IsRefusedByPlanAndTraining()
    {
        using var files = new PeftFiles();
        files.Block("model.layers.1.self_attn.q_proj");
        files.Tensors[$"{PeftFiles.Prefix}model.embed_tokens.token_adapter.trainable_tokens_delta"] = files.Random(1, 16);
        var folder = files.Write(("target_modules", "\".*1.*q_proj\""), ("trainable_token_indices", "[3]"));
        var config = world.Run("from-tokens") with { Adapter = null, StartFrom = folder };

        var planned = Assert.Throws<ConfigException>(() => PlanJob.Run(config));
        var trained = Assert.Throws<ConfigException>(() => TrainJob.Run(config, stop: TestContext.Current.CancellationToken));

        Assert.Contains(
            "1 trained tokens of model.embed_tokens, which cannot be trained further yet", planned.Message, StringComparison.Ordinal);
        Assert.Equal(planned.Message, trained.Message);
    }

    [Fact]
    public void Run_Dora_IsTrainedFurtherWithItsMagnitudes()
    {
        const string query = "model.layers.1.self_attn.q_proj";
        using var files = new PeftFiles();
        files.Block(query);
        var before = files.Tensors[$"{PeftFiles.Prefix}{query}.lora_magnitude_vector"] = files.Random(16).abs();
        var folder = files.Write(("target_modules", "\".*1.*q_proj\""), ("use_dora", "true"));

        var run = TrainJob.Run(
            world.Run("from-dora") with { Adapter = null, StartFrom = folder }, stop: TestContext.Current.CancellationToken);

        using var reader = SafetensorsReader.Open(Path.Combine(run.RunFolder, "last", "adapter_model.safetensors"));
        using var after = reader.Read($"{PeftFiles.Prefix}{query}.lora_magnitude_vector");
        Assert.InRange(TinyAdapters.Distance(before, after), 1e-6, 1);
    }
}
