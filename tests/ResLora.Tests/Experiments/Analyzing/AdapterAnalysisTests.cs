using ResLora.Adapters;
using ResLora.Experiments.Analyzing.Adapters;
using ResLora.Experiments.Running;
using ResLora.Formats.Errors;
using ResLora.Tensors.Safetensors;
using ResLora.Training;
using Xunit;
using static TorchSharp.torch;

namespace ResLora.Tests.Experiments.Analyzing;

public sealed class AdapterAnalysisTests(TinyWorld world) : IClassFixture<TinyWorld>
{
    private const double Tolerance = 1e-5;   // float32
    private const string Module = "model.layers.1.self_attn.q_proj";

    [Fact]
    public void Of_AnAdapterOnItsBase_MeasuresUpdatesAgainstDenseMatrices()
    {
        var adapter = Trained("input", ShortcutKind.Input);

        var seen = AdapterAnalysis.Of(adapter, null);

        using var scope = NewDisposeScope();
        using var session = ModelSession.Load(world.Model, adapter);
        using var noGradient = no_grad();
        Tensor update = session.Adapter![Module].DeltaWeight(), before = session.Adapter["model.layers.0.self_attn.q_proj"].DeltaWeight();
        var block = seen.Blocks.Single(block => block.Module == Module);
        Assert.Equal((6, world.Model, "input", "self_attn.q_proj"), (seen.Blocks.Count, seen.Model, seen.Shortcut, block.Chain));
        Assert.Equal(Norm(update), block.Update, Tolerance);
        Assert.Equal(Norm(update) / Norm(session.Adapter[Module].Site.Weight), block.Share!.Value, Tolerance);
        Assert.Equal((update * before).sum().item<float>() / (Norm(update) * Norm(before)), block.Cosine!.Value, Tolerance);
        Assert.Equal(1, block.AlphaByWeights);   // the second block of a chain
        Assert.Null(seen.Blocks.Single(head => head.Module == "model.layers.0.self_attn.q_proj").Cosine);
        Assert.Contains(seen.Notes, note => note.Contains("reslora merge --adapter", StringComparison.Ordinal));
    }

    [Fact]
    public void Of_AnAdapterWithoutItsBase_SaysTheSameOfItsFactors()
    {
        var adapter = Trained("block", ShortcutKind.Block);
        var onModel = AdapterAnalysis.Of(adapter, world.Model);
        var alone = world.Folder["alone"];
        Directory.CreateDirectory(alone);
        foreach (var file in Directory.GetFiles(adapter))
        {
            File.Copy(file, Path.Combine(alone, Path.GetFileName(file)));
        }

        var config = Path.Combine(alone, "reslora_config.json");
        File.WriteAllText(config, File.ReadAllText(config).Replace(world.Model, "/nowhere", StringComparison.Ordinal));

        var seen = AdapterAnalysis.Of(alone, null);

        Assert.Null(seen.Model);
        Assert.Equal(onModel.Blocks.Select(block => block.Module).Order(), seen.Blocks.Select(block => block.Module).Order());
        var expected = onModel.Blocks.ToDictionary(block => block.Module);
        Assert.All(seen.Blocks, block => Assert.Equal(expected[block.Module].Update, block.Update, Tolerance));
        Assert.All(seen.Blocks, block => Assert.Equal(expected[block.Module].Cosine ?? 9, block.Cosine ?? 9, Tolerance));
        Assert.All(seen.Blocks, block => Assert.Null(block.Share));
        Assert.Contains(seen.Notes, note => note.Contains("merges exactly", StringComparison.Ordinal));
        Assert.Contains(seen.Notes, note => note.Contains("--model", StringComparison.Ordinal));
    }

    [Fact]
    public void Of_TwelveLayersAndConvolutionsWithoutTheirBase_StandInTheOrderOfTheirNumbers()
    {
        var folder = world.Folder["twelve"];
        Directory.CreateDirectory(folder);
        File.WriteAllText(
            Path.Combine(folder, "adapter_config.json"),
            """{"peft_type": "LORA", "r": 2, "lora_alpha": 2, "target_modules": ["conv"], "base_model_name_or_path": "nowhere"}""");
        using (var scope = NewDisposeScope())
        {
            // Kernels of 3 x 3 from 3 channels to 3.
            var tensors = Enumerable.Range(0, 12).SelectMany(i => new Dictionary<string, Tensor>
            {
                [$"base_model.model.layers.{i}.conv.lora_A.weight"] = ones(2, 3, 3, 3) * (i + 1),
                [$"base_model.model.layers.{i}.conv.lora_B.weight"] = ones(3, 2, 1, 1),
            });
            SafetensorsWriter.Write(Path.Combine(folder, "adapter_model.safetensors"), tensors);
        }

        var seen = AdapterAnalysis.Of(folder, null);

        Assert.Equal(Enumerable.Range(0, 12).Select(i => $"layers.{i}.conv"), seen.Blocks.Select(block => block.Module));
        Assert.Equal([null, .. Enumerable.Repeat<double?>(1, 11)], seen.Blocks.Select(
            block => block.Cosine is { } cosine ? Math.Round(cosine, 5) : (double?)null));
        // Every number of B A is twice the layer's, and there are 3 x 27 of them.
        Assert.Equal(2 * 12 * Math.Sqrt(81), seen.Blocks[^1].Update, 1e-3);
    }

    [Fact]
    public void Of_ShortcutsThatAreAnnealedAway_CostNothingToMerge()
    {
        var run = world.Run("annealed", ShortcutKind.Middle);
        run = run with { Adapter = run.Adapter! with { Shortcut = run.Adapter.Shortcut with { Anneal = 0.5 } } };
        TrainJob.Run(run, stop: TestContext.Current.CancellationToken);

        var seen = AdapterAnalysis.Of(new RunFolder(run.Output!).Last, null);

        Assert.Contains(seen.Notes, note => note.StartsWith("Its shortcuts are annealed away", StringComparison.Ordinal));
    }

    [Fact]
    public void Of_AMethodWithoutTwoFactors_IsRefusedByName()
    {
        var run = world.Run("loha", ShortcutKind.None);
        TrainJob.Run(run with { Adapter = run.Adapter! with { Method = "loha" } }, stop: TestContext.Current.CancellationToken);

        var error = Assert.Throws<ConfigException>(() => AdapterAnalysis.Of(new RunFolder(run.Output!).Last, null));

        Assert.Contains("the updates of LoHa are no products of two factors", error.Message, StringComparison.Ordinal);
    }

    private static double Norm(Tensor tensor) => tensor.to(float32).norm().item<float>();

    private string Trained(string name, ShortcutKind kind)
    {
        var run = world.Run(name, kind);
        TrainJob.Run(run, stop: TestContext.Current.CancellationToken);
        return new RunFolder(run.Output!).Last;
    }
}
