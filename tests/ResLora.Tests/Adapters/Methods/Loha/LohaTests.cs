using System.Text.Json;
using ResLora.Adapters;
using ResLora.Adapters.Methods.Loha;
using ResLora.Formats.Errors;
using ResLora.Tensors.Safetensors;
using ResLora.Tests.Models;
using Xunit;
using static TorchSharp.torch;

namespace ResLora.Tests.Adapters.Methods.Loha;

public sealed class LohaTests
{
    private const double Tolerance = 1e-5;   // float32: sums in another order, of numbers of about 1
    private const string Query = "model.layers.1.self_attn.q_proj";
    private const string Down = "model.layers.1.mlp.down_proj";

    private static readonly string[] _written =
    [
        "alpha", "alpha_pattern", "init_weights", "module_dropout", "peft_type", "r", "rank_dropout", "rank_pattern", "target_modules", "use_effective_conv2d",
    ];

    [Fact]
    public void DeltaWeight_Always_IsTheEquationByLoops()
    {
        using var scope = NewDisposeScope();
        Tensor x1 = randn(4, 2), y1 = randn(2, 5), x2 = randn(4, 3), y2 = randn(3, 5);

        var delta = LohaMath.DeltaWeight((x1, y1), (x2, y2), 0.75);

        BruteForce.AssertWeight(delta, Tolerance, (o, d) =>
            0.75 * BruteForce.Up(x1, o, r => y1[r, d].item<float>()) * BruteForce.Up(x2, o, r => y2[r, d].item<float>()));
    }

    [Fact]
    public void WithCore_Always_IsTheEquationByLoops()
    {
        using var scope = NewDisposeScope();
        Tensor core = randn(2, 2, 3, 1), outputs = randn(2, 4), inputs = randn(2, 5);

        var weight = LohaMath.WithCore(core, outputs, inputs);

        Assert.Equal([4, 5, 3, 1], weight.shape);
        for (var h = 0; h < 3; h++)
        {
            BruteForce.AssertWeight(weight[.., .., h, 0], Tolerance, (o, c) =>
                Enumerable.Range(0, 4).Sum(n => (double)(core[n / 2, n % 2, h, 0] * outputs[n / 2, o] * inputs[n % 2, c]).item<float>()));
        }
    }

    [Fact]
    public void Gradients_OfAllFactors_AreThoseOfDifferences()
    {
        using var scope = NewDisposeScope();
        random.manual_seed(3);
        Tensor x1 = GradientCheck.Leaf(4, 2), y1 = GradientCheck.Leaf(2, 5), x2 = GradientCheck.Leaf(4, 2), y2 = GradientCheck.Leaf(2, 5);
        Tensor core = GradientCheck.Leaf(2, 2, 2, 2), outputs = GradientCheck.Leaf(2, 3), inputs = GradientCheck.Leaf(2, 2);

        GradientCheck.Run(() => LohaMath.DeltaWeight((x1, y1), (x2, y2), 0.75), x1, y1, x2, y2);
        GradientCheck.Run(() => LohaMath.WithCore(core, outputs, inputs), core, outputs, inputs);
    }

    [Theory]
    [InlineData(Query)]
    [InlineData(Down)]
    public void Forward_OfABlock_AddsTheProductWithDeltaWeight(string module)
    {
        using var scope = NewDisposeScope();
        using var model = TinyLlama.Create();
        var block = DenseAdapters.Random(model, DenseAdapters.Config("loha"))[module];
        var x = randn(2, 5, block.InFeatures);

        Assert.Equal(["hada_w1_a", "hada_w1_b", "hada_w2_a", "hada_w2_b"], block.Factors.Select(factor => factor.Key));
        Assert.InRange(TinyAdapters.Distance(x.matmul((block.Site.Weight + block.DeltaWeight()).t()), block.call(x)), 0, Tolerance);
        var f = block.Factors.Select(factor => factor.Value).ToArray();
        Assert.InRange(TinyAdapters.Distance(f[0].matmul(f[1]) * f[2].matmul(f[3]) * (4.0 / 3), block.DeltaWeight()), 0, Tolerance);
    }

    [Theory]
    [InlineData(ScalarType.Float32, ShortcutKind.None, 3)]
    [InlineData(ScalarType.BFloat16, ShortcutKind.None, 5)]
    [InlineData(ScalarType.BFloat16, ShortcutKind.Block, 9)]
    public void Cost_Fixed_IsTheProductsInFloat32AndTheirSum(ScalarType dtype, ShortcutKind kind, long matrices)
    {
        using var model = TinyLlama.Create(dtype: dtype);
        var block = AdaptedModel.Inject(model, DenseAdapters.Config("loha", kind))[Query];

        Assert.Equal(matrices * 16 * 16, block.Cost.Fixed);
    }

    [Fact]
    public void Load_AFolderOfPeft_IsReadAndWrittenAgainAsItWas()
    {
        using var scope = NewDisposeScope();
        using var files = new PeftFiles();
        using var model = TinyLlama.Create();
        using var expected = TinyLlama.Create();
        Block(files, Query, 16, 16, rank: 2);
        Block(files, Down, 16, 24, rank: 4);
        files.Config.Remove("lora_alpha");
        files.Write(
            ("peft_type", "\"LOHA\""), (
                "target_modules",
                "\".*layers.1.*(q_proj|down_proj)\""), ("alpha", "3"), ("rank_pattern", "{\"down_proj\": 4}"), (
                    "alpha_pattern", "{\"down_proj\": 6}"),
            ("rank_dropout", "0.0"), ("module_dropout", "0.0"), ("init_weights", "true"), ("use_effective_conv2d", "false"));
        PeftFiles.Set(expected, $"{Query}.weight", weight => weight + ByHand(files, Query, 3.0 / 2));
        PeftFiles.Set(expected, $"{Down}.weight", weight => weight + ByHand(files, Down, 6.0 / 4));

        var adapted = AdapterStore.Load(model, files.Folder);
        AdapterStore.Save(adapted, files.Other("again"));

        Assert.Equal("loha", adapted.Config.Method);
        Assert.InRange(TinyAdapters.Distance(PeftFiles.Logits(expected), PeftFiles.Logits(model)), 0, Tolerance);
        using var again = SafetensorsReader.Open(Path.Combine(files.Other("again"), "adapter_model.safetensors"));
        Assert.Equal(files.Tensors.Keys.Order(), again.Entries.Keys.Order());
        Assert.All(files.Tensors, tensor => Assert.True(tensor.Value.equal(again.Read(tensor.Key)).all().item<bool>(), tensor.Key));
        using var config = JsonDocument.Parse(File.ReadAllText(Path.Combine(files.Other("again"), "adapter_config.json")));
        Assert.Superset(_written.ToHashSet(), config.RootElement.EnumerateObject().Select(key => key.Name).ToHashSet());
        Assert.Equal(
            ("LOHA", 3, 2),
            (
                config.RootElement.GetProperty("peft_type").GetString(),
                config.RootElement.GetProperty("alpha").GetDouble(),
                config.RootElement.GetProperty("r").GetInt32()));
        using var model2 = TinyLlama.Create();
        AdapterStore.Load(model2, files.Other("again"));
        Assert.Equal(0, TinyAdapters.Distance(PeftFiles.Logits(model), PeftFiles.Logits(model2)));
    }

    [Theory]
    [InlineData("rank_dropout", "0.5")]
    [InlineData("module_dropout", "0.1")]
    public void Load_ADropoutOfPeftsOwn_SaysNothingOfTheFunction(string key, string value)
    {
        using var files = new PeftFiles();
        using var model = TinyLlama.Create();
        using var scope = NewDisposeScope();
        Block(files, Query, 16, 16, rank: 2);
        files.Write(("peft_type", "\"LOHA\""), ("target_modules", $"[\"{Query}\"]"), ("alpha", "3"), (key, value));

        var adapted = AdapterStore.Load(model, files.Folder);

        Assert.InRange(TinyAdapters.Distance(ByHand(files, Query, 1.5), adapted[Query].DeltaWeight()), 0, Tolerance);
    }

    [Fact]
    public void Load_AFactorIsMissing_IsNamed()
    {
        using var files = new PeftFiles();
        using var model = TinyLlama.Create();
        Block(files, Query, 16, 16, rank: 2);
        files.Tensors.Remove($"{PeftFiles.Prefix}{Query}.hada_w2_b");
        files.Write(("peft_type", "\"LOHA\""), ("target_modules", $"[\"{Query}\"]"), ("alpha", "3"));

        var error = Assert.Throws<FileFormatException>(() => AdapterStore.Load(model, files.Folder));

        Assert.Contains("hada_w2_b' is missing", error.Message, StringComparison.Ordinal);
    }

    private static void Block(PeftFiles files, string module, long outputs, long inputs, long rank)
    {
        foreach (var number in new[] { 1, 2 })
        {
            files.Tensors[$"{PeftFiles.Prefix}{module}.hada_w{number}_a"] = files.Random(outputs, rank);
            files.Tensors[$"{PeftFiles.Prefix}{module}.hada_w{number}_b"] = files.Random(rank, inputs);
        }
    }

    private static Tensor ByHand(PeftFiles files, string module, double scaling)
    {
        Tensor Of(string factor) => files.Tensors[$"{PeftFiles.Prefix}{module}.{factor}"];
        return Of("hada_w1_a").matmul(Of("hada_w1_b")) * Of("hada_w2_a").matmul(Of("hada_w2_b")) * scaling;
    }
}
