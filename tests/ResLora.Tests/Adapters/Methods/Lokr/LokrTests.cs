using System.Text.Json;
using ResLora.Adapters;
using ResLora.Adapters.Methods.Lokr;
using ResLora.Formats.Errors;
using ResLora.Tensors.Safetensors;
using ResLora.Tests.Models;
using Xunit;
using static TorchSharp.torch;

namespace ResLora.Tests.Adapters.Methods.Lokr;

public sealed class LokrTests
{
    private const double Tolerance = 1e-5;   // float32: sums in another order, of numbers of about 1
    private const string Query = "model.layers.1.self_attn.q_proj";
    private const string Down = "model.layers.1.mlp.down_proj";

    [Theory]
    [InlineData(1, false, -1, "lokr_w1 4x4, lokr_w2_a 4x1, lokr_w2_b 1x6")]
    [InlineData(1, true, -1, "lokr_w1_a 4x1, lokr_w1_b 1x4, lokr_w2_a 4x1, lokr_w2_b 1x6")]
    [InlineData(3, true, -1, "lokr_w1 4x4, lokr_w2 4x6")]
    [InlineData(3, false, 2, "lokr_w1 2x2, lokr_w2_a 8x3, lokr_w2_b 3x12")]
    [InlineData(3, true, 8, "lokr_w1_a 8x3, lokr_w1_b 3x8, lokr_w2 2x3")]
    public void Forward_EveryDivision_AddsTheProductWithDeltaWeight(int rank, bool both, int factor, string factors)
    {
        using var scope = NewDisposeScope();
        using var model = TinyLlama.Create();
        var settings = new LokrSettings { DecomposeBoth = both, DecomposeFactor = factor };
        var block = DenseAdapters.Random(model, DenseAdapters.Config("lokr") with { Rank = rank, Lokr = settings })[Down];
        var x = randn(2, 5, 24);

        Assert.Equal(factors, string.Join(", ", block.Factors.Select(f => $"{f.Key} {string.Join('x', f.Value.shape)}")));
        Assert.InRange(TinyAdapters.Distance(x.matmul((block.Site.Weight + block.DeltaWeight()).t()), block.call(x)), 0, Tolerance);
    }

    [Fact]
    public void Load_AFolderOfPeft_IsReadAndWrittenAgainAsItWas()
    {
        using var scope = NewDisposeScope();
        using var files = new PeftFiles();
        using var model = TinyLlama.Create();
        using var again = TinyLlama.Create();
        using var expected = TinyLlama.Create();
        Add(
            files,
            (Query, "lokr_w1", [4, 4]),
            (Query, "lokr_w2_a", [4, 1]),
            (Query, "lokr_w2_b", [1, 4]),
            (Down, "lokr_w1", [4, 4]),
            (Down, "lokr_w2", [4, 6]));
        files.Config.Remove("lora_alpha");
        files.Write(
            ("peft_type", "\"LOKR\""), (
                "target_modules", "\".*layers.1.*(q_proj|down_proj)\""), ("r", "1"), ("alpha", "3"), ("rank_pattern", "{\"down_proj\": 4}"),
            (
                "alpha_pattern",
                "{\"down_proj\": 6}"), ("rank_dropout", "0"), ("module_dropout", "0"), ("init_weights", "true"), (
                    "use_effective_conv2d", "false"),
            ("decompose_both", "false"), ("decompose_factor", "4"), ("rank_dropout_scale", "false"));
        PeftFiles.Set(
            expected,
            $"{Query}.weight",
            weight => weight + kron(Of(files, Query, "lokr_w1"), Of(files, Query, "lokr_w2_a").matmul(Of(files, Query, "lokr_w2_b"))) * 3);
        PeftFiles.Set(
            expected, $"{Down}.weight", weight => weight + kron(Of(files, Down, "lokr_w1"), Of(files, Down, "lokr_w2")) * (6.0 / 4));

        var adapted = AdapterStore.Load(model, files.Folder);
        AdapterStore.Save(adapted, files.Other("again"));
        AdapterStore.Load(again, files.Other("again"));

        Assert.Equal(("lokr", new LokrSettings { DecomposeFactor = 4 }), (adapted.Config.Method, adapted.Config.Lokr));
        Assert.InRange(TinyAdapters.Distance(PeftFiles.Logits(expected), PeftFiles.Logits(model)), 0, Tolerance);
        Assert.Equal(0, TinyAdapters.Distance(PeftFiles.Logits(model), PeftFiles.Logits(again)));
        using var stored = SafetensorsReader.Open(Path.Combine(files.Other("again"), "adapter_model.safetensors"));
        Assert.Equal(files.Tensors.Keys.Order(), stored.Entries.Keys.Order());
        Assert.All(files.Tensors, tensor => Assert.True(tensor.Value.equal(stored.Read(tensor.Key)).all().item<bool>(), tensor.Key));
        using var config = JsonDocument.Parse(File.ReadAllText(Path.Combine(files.Other("again"), "adapter_config.json")));
        Assert.All(
            ["alpha", "decompose_both", "decompose_factor", "init_weights", "module_dropout", "peft_type", "r", "rank_dropout", "rank_dropout_scale", "use_effective_conv2d"],
            key => Assert.Equal(files.Config[key]!.ToJsonString(), Plain(config.RootElement.GetProperty(key))));
    }

    [Fact]
    public void Load_AFactorOfAnotherDivision_IsRefused()
    {
        using var files = new PeftFiles();
        using var model = TinyLlama.Create();
        Add(files, (Query, "lokr_w1", [2, 2]), (Query, "lokr_w2", [8, 8]));
        files.Write(("peft_type", "\"LOKR\""), ("target_modules", $"[\"{Query}\"]"), ("r", "8"), ("alpha", "3"));

        var error = Assert.Throws<FileFormatException>(() => AdapterStore.Load(model, files.Folder));

        Assert.Contains("lokr_w1' is [2, 2], the model needs [4, 4]", error.Message, StringComparison.Ordinal);
    }

    private static void Add(PeftFiles files, params (string Module, string Factor, long[] Shape)[] factors)
    {
        foreach (var (module, factor, shape) in factors)
        {
            files.Tensors[$"{PeftFiles.Prefix}{module}.{factor}"] = files.Random(shape);
        }
    }

    private static Tensor Of(PeftFiles files, string module, string factor) => files.Tensors[$"{PeftFiles.Prefix}{module}.{factor}"];

    private static string Plain(JsonElement value) => value.ValueKind == JsonValueKind.Number ? $"{value.GetDouble()}" : value.GetRawText();
}
