using ResLora.Experiments.Planning;
using ResLora.Experiments.Running;
using ResLora.Formats.Errors;
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
        files.Tensors[$"{PeftFiles.Prefix}model.layers.1.self_attn.q_proj.lora_magnitude_vector"] = files.Random(16).abs();
        var folder = files.Write(("target_modules", "\".*1.*q_proj\""), ("use_dora", "true"));
        var config = world.Run("from-dora") with { Adapter = null, StartFrom = folder };

        var planned = Assert.Throws<ConfigException>(() => PlanJob.Run(config));
        var trained = Assert.Throws<ConfigException>(() => TrainJob.Run(config, stop: TestContext.Current.CancellationToken));

        Assert.Contains("magnitudes (DoRA), which cannot be trained further yet", planned.Message, StringComparison.Ordinal);
        Assert.Equal(planned.Message, trained.Message);
    }
}
