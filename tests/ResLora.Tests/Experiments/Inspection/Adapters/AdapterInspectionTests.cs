using ResLora.Experiments.Inspection;
using ResLora.Formats.Errors;
using ResLora.Tensors.Safetensors;
using ResLora.Tests.Support;
using Xunit;
using static TorchSharp.torch;

namespace ResLora.Tests.Experiments.Inspection.Adapters;

public sealed class AdapterInspectionTests(TinyWorld world) : IClassFixture<TinyWorld>
{
    private const string Query = "model.layers.0.self_attn.q_proj";
    private const string Config = """{ "peft_type": "LORA", "r": 4, "lora_alpha": 8, "target_modules": ["model.layers.0.self_attn.q_proj"] }""";

    [Fact]
    public void Inspect_ABlockOfTwoEqualDirections_HasThatEffectiveRankAndNorm()
    {
        using var files = new TemporaryFolder();
        using var scope = NewDisposeScope();
        // B A has the singular values 3, 3, 0 and 0.
        var folder = Peft(files, eye(4, 16), cat([3 * eye(16, 2), zeros(16, 2)], 1));

        var block = Assert.Single(Inspector.Inspect(folder).Blocks);

        Assert.Equal(("q_proj", 4L, 0L), (block.Role, block.Rank, block.BadNumbers));
        Assert.Equal(2, block.EffectiveRank, 1e-6);
        Assert.Equal(Math.Sqrt(18), block.Norm, 1e-5);
        Assert.False(block.IsDead);
    }

    [Fact]
    public void Inspect_BThatIsZero_IsADeadBlock()
    {
        using var files = new TemporaryFolder();
        using var scope = NewDisposeScope();

        var report = Inspector.Inspect(Peft(files, rand(4, 16), zeros(16, 4)));

        Assert.True(Assert.Single(report.Blocks).IsDead);
        Assert.Contains(report.Notes, note => note.Contains("All blocks are dead", StringComparison.Ordinal));
    }

    [Fact]
    public void Inspect_ANumberThatIsNone_IsToldWithItsBlock()
    {
        using var files = new TemporaryFolder();
        using var scope = NewDisposeScope();
        var b = rand(16, 4);
        b[3, 1] = float.NaN;

        var report = Inspector.Inspect(Peft(files, rand(4, 16), b));

        Assert.Equal(1, Assert.Single(report.Blocks).BadNumbers);
        Assert.Contains(
            report.Notes, note => note.Contains("NaN", StringComparison.Ordinal) && note.Contains(Query, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(16, "It fits")]
    [InlineData(12, "It does not fit")]
    public void Inspect_AgainstAModel_SaysWhetherItFits(int width, string expected)
    {
        using var files = new TemporaryFolder();
        using var scope = NewDisposeScope();

        var report = Inspector.Inspect(Peft(files, rand(4, width), rand(16, 4)), world.Model);

        Assert.StartsWith($"{expected} {world.Model}", Assert.Single(report.Notes), StringComparison.Ordinal);
    }

    [Fact]
    public void Inspect_FactorsOfUnequalRanks_AreRefused()
    {
        using var files = new TemporaryFolder();
        using var scope = NewDisposeScope();

        var error = Assert.Throws<FileFormatException>(() => Inspector.Inspect(Peft(files, rand(4, 16), rand(16, 3))));

        Assert.Contains(Query, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("lora_unet_down_blocks_0_attentions_1_attn1_to_q", "attn1_to_q")]
    [InlineData("lora_unet_down_blocks_0_attentions_1_attn1_to_out_0", "attn1_to_out_0")]
    public void Inspect_AFileOfKohyas_IsAnAdapterToo(string module, string role)
    {
        using var files = new TemporaryFolder();
        using var scope = NewDisposeScope();
        SafetensorsWriter.Write(files["lora.safetensors"],
        [
            KeyValuePair.Create($"{module}.lora_down.weight", rand(2, 8)), KeyValuePair.Create($"{module}.lora_up.weight", rand(8, 2)),
            KeyValuePair.Create($"{module}.alpha", tensor(1f)),
        ]);

        var report = Inspector.Inspect(files["lora.safetensors"]);

        Assert.Equal(("adapter", role), (report.Kind, Assert.Single(report.Blocks).Role));
        Assert.Contains(new("scaling", "0.5 (alpha / rank)"), report.Facts);
    }

    [Fact]
    public void Inspect_AFolderOfMlx_TurnsTheFactorsAndTellsTheScale()
    {
        using var files = new TemporaryFolder();
        using var scope = NewDisposeScope();
        files.Write("adapter_config.json", """{ "fine_tune_type": "lora", "num_layers": 4, "lora_parameters": { "rank": 2, "scale": 20.0, "dropout": 0.0 } }""");
        SafetensorsWriter.Write(files["adapters.safetensors"],
        [
            KeyValuePair.Create($"{Query}.lora_a", rand(16, 2)), KeyValuePair.Create($"{Query}.lora_b", rand(2, 16)),
        ]);

        var report = Inspector.Inspect(files.Path, world.Model);

        Assert.Equal(2, Assert.Single(report.Blocks).Rank);
        Assert.Contains(new("scale", "20 (as it is, whatever the rank)"), report.Facts);
        Assert.StartsWith("It fits", report.Notes[^1], StringComparison.Ordinal);
    }

    private static string Peft(TemporaryFolder files, Tensor a, Tensor b)
    {
        files.Write("adapter_config.json", Config);
        SafetensorsWriter.Write(files["adapter_model.safetensors"],
        [
            KeyValuePair.Create(
                $"base_model.model.{Query}.lora_A.weight", a), KeyValuePair.Create($"base_model.model.{Query}.lora_B.weight", b),
        ]);
        return files.Path;
    }
}
