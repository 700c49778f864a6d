using System.IO.Compression;
using ResLora.Adapters;
using ResLora.Adapters.LoraFiles;
using ResLora.Adapters.Merging;
using ResLora.Formats.Errors;
using ResLora.Tensors;
using ResLora.Tensors.Safetensors;
using ResLora.Tests.Support;
using ResLora.Tests.Tensors.Pickles;
using Xunit;
using static TorchSharp.torch;

namespace ResLora.Tests.Adapters.LoraFiles;

/// <summary>LoRA files written by hand, and what they mean computed by hand.</summary>
public sealed class LoraFileTests
{
    private const double Tolerance = 1e-6;   // float32: s · (B A) in another order
    private const string Query = ToyPictureMaker.Query;

    [Theory]
    [InlineData("unet.attn1.to_q.lora_A.weight", "unet.attn1.to_q.lora_B.weight", Query)]
    [InlineData("unet.attn1.to_q.lora.down.weight", "unet.attn1.to_q.lora.up.weight", Query)]
    [InlineData("unet.attn1.processor.to_q_lora.down.weight", "unet.attn1.processor.to_q_lora.up.weight", Query)]
    [InlineData("attn1.processor.to_q_lora.down.weight", "attn1.processor.to_q_lora.up.weight", Query)]
    [InlineData("lora_unet_attn1_to_q.lora_down.weight", "lora_unet_attn1_to_q.lora_up.weight", Query)]
    [InlineData("lora_unet_conv_in.lora_down.weight", "lora_unet_conv_in.lora_up.weight", ToyPictureMaker.Convolution)]
    [InlineData("lora_unet_input_blocks_0_0.lora_down.weight", "lora_unet_input_blocks_0_0.lora_up.weight", ToyPictureMaker.Convolution)]
    [InlineData(
        "text_encoder.q_proj.lora_linear_layer.down.weight", "text_encoder.q_proj.lora_linear_layer.up.weight", ToyPictureMaker.Text)]
    [InlineData("text_encoder.text_model.q_proj.lora_A.weight", "text_encoder.text_model.q_proj.lora_B.weight", ToyPictureMaker.Text)]
    [InlineData("text_encoder.text_model.to_q_lora.down.weight", "text_encoder.text_model.to_q_lora.up.weight", ToyPictureMaker.Text)]
    [InlineData("lora_te_text_model_q_proj.lora_down.weight", "lora_te_text_model_q_proj.lora_up.weight", ToyPictureMaker.Text)]
    public void Load_EverySpelling_IsThatLayersBlockWithAlphaAsItsRank(string down, string up, string layer)
    {
        using var scope = NewDisposeScope();
        using var folder = new TemporaryFolder();
        using var model = new ToyPictureMaker();
        var weight = model.WeightOf(layer).detach().clone();
        var (a, b) = Pair(weight, rank: 3);

        using var merged = Merge(model, Write(folder, (down, a), (up, b)));

        var only = Assert.Single(merged.Blocks);
        Assert.Equal((layer, 1.0), (only.ModuleName, only.Update.Scaling));
        var expected = weight + b.flatten(1).matmul(a.flatten(1)).view(weight.shape);
        Assert.Equal(0, TinyAdapters.Distance(expected, merged.MergedWeight(only)), Tolerance);
    }

    [Fact]
    public void Load_RanksAndAlphasOfTheirOwn_AreEachLayers()
    {
        using var scope = NewDisposeScope();
        using var folder = new TemporaryFolder();
        using var model = new ToyPictureMaker();
        var (a, b) = Pair(model.WeightOf(Query), rank: 4);
        var (textA, textB) = Pair(model.WeightOf(ToyPictureMaker.Text), rank: 2);
        var file = Write(
            folder,
            ("lora_unet_attn1_to_q.lora_down.weight", a.view(4, 8, 1, 1)), ("lora_unet_attn1_to_q.lora_up.weight", b.view(10, 4, 1, 1)),
            ("lora_unet_attn1_to_q.alpha", tensor(10f)),
            ("lora_te_text_model_q_proj.lora_down.weight", textA), ("lora_te_text_model_q_proj.lora_up.weight", textB),
            ("lora_te_text_model_q_proj.alpha", tensor(1f).to(float16)));

        var adapted = AdapterStore.Load(model, AdapterStore.Describe(file).WithStrength(0.5));

        Assert.Equal((4, 1.25), (adapted[Query].Config.Rank, adapted[Query].Config.Scaling));
        Assert.Equal((2, 0.25), (adapted[ToyPictureMaker.Text].Config.Rank, adapted[ToyPictureMaker.Text].Config.Scaling));
    }

    [Theory]
    [InlineData("""{ "unet.r": 2, "unet.lora_alpha": 6 }""", 3.0)]
    [InlineData("""{ "unet.r": 2, "unet.lora_alpha": 6, "unet.alpha_pattern": { "to_q": 1 } }""", 0.5)]
    [InlineData("""{ "unet.r": 2, "unet.lora_alpha": 6, "unet.alpha_pattern": { "to_k": 1 } }""", 3.0)]
    [InlineData("""{ "text_encoder.r": 2, "text_encoder.lora_alpha": 6 }""", 1.0)]
    // 4 / √2: the rank is the tensors'
    [InlineData("""{ "unet.r": 4, "unet.lora_alpha": 4, "unet.use_rslora": true }""", 2.8284271247461903)]
    public void Load_HeaderOfDiffusers_SaysAlpha(string header, double scaling)
    {
        using var scope = NewDisposeScope();
        using var folder = new TemporaryFolder();
        using var model = new ToyPictureMaker();
        var (a, b) = Pair(model.WeightOf(Query), rank: 2);
        var file = Write(folder, header, ($"{Query}.lora_A.weight", a), ($"{Query}.lora_B.weight", b));

        var adapted = AdapterStore.Load(model, file);

        Assert.Equal(scaling, adapted[Query].Config.Scaling, 12);
    }

    [Theory]
    [InlineData("""{ "unet.r": 2, "unet.lora_alpha": 0 }""", "lora_alpha is 0")]
    [InlineData("{ \"unet.r\": 2, ", "lora_adapter_metadata in the header cannot be read")]
    [InlineData("""{ "unet.r": "two" }""", "lora_adapter_metadata in the header cannot be read")]
    [InlineData("""[1]""", "lora_adapter_metadata in the header cannot be read")]
    public void Describe_BrokenHeader_IsRefused(string header, string message)
    {
        using var scope = NewDisposeScope();
        using var folder = new TemporaryFolder();
        var file = Write(folder, header, ($"{Query}.lora_A.weight", rand(2, 8)), ($"{Query}.lora_B.weight", rand(10, 2)));

        var error = Assert.ThrowsAny<ResLoraException>(() => AdapterStore.Describe(file));

        Assert.Contains(message, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("lora_unet_attn1_to_k.lora_down.weight", "'lora_unet_attn1_to_k.lora_down.weight' belongs to no layer of this model")]
    [InlineData("lora_unet_attn1_to_q.lora_mid.weight", "'lora_unet_attn1_to_q.lora_mid.weight' is no factor of a LoRA")]
    [InlineData("unet.attn1.to_q.lora_A.weight", "is a second lora_A.weight of 'unet.attn1.to_q'")]
    public void Load_TensorThatFitsNothing_IsNamed(string name, string message)
    {
        using var scope = NewDisposeScope();
        using var folder = new TemporaryFolder();
        using var model = new ToyPictureMaker();
        var (a, b) = Pair(model.WeightOf(Query), rank: 2);
        var file = Write(
            folder, ("lora_unet_attn1_to_q.lora_down.weight", a), ("lora_unet_attn1_to_q.lora_up.weight", b), (name, rand(2, 8)));

        var error = Assert.Throws<FileFormatException>(() => AdapterStore.Load(model, file));

        Assert.Contains("(1 tensors)", error.Message, StringComparison.Ordinal);
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(model.named_modules(), module => module.name.Contains("base_layer", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("lora_te1_text_model_q_proj.lora_down.weight", "Stable Diffusion XL")]
    [InlineData("lora_te2_text_model_q_proj.lora_down.weight", "Stable Diffusion XL")]
    [InlineData("transformer.blocks.0.attn.to_q.lora_A.weight", "Flux")]
    public void Describe_FileForAnotherModel_SaysWhich(string name, string model)
    {
        using var scope = NewDisposeScope();
        using var folder = new TemporaryFolder();

        var error = Assert.Throws<ConfigException>(() => AdapterStore.Describe(Write(folder, (name, rand(2, 8)))));

        Assert.Contains(model, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0f, 1, "an alpha is above 0")]
    [InlineData(float.NaN, 1, "an alpha is above 0")]
    [InlineData(1f, 2, "an alpha is one number")]
    public void Describe_AlphaThatIsNone_IsRefused(float value, int count, string message)
    {
        using var scope = NewDisposeScope();
        using var folder = new TemporaryFolder();
        var file = Write(
            folder, ("lora_unet_a.lora_down.weight", rand(2, 8)), ("lora_unet_a.lora_up.weight", rand(8, 2)),
            ("lora_unet_a.alpha", full([count], value)));

        var error = Assert.Throws<FileFormatException>(() => AdapterStore.Describe(file));

        Assert.Contains(message, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Describe_BlocksOfTwoMethods_AreRefused()
    {
        using var scope = NewDisposeScope();
        using var folder = new TemporaryFolder();
        var file = Write(folder, ("lora_unet_a.lora_down.weight", rand(2, 8)), ("lora_unet_b.hada_w1_b", rand(2, 8)));

        var error = Assert.Throws<FileFormatException>(() => AdapterStore.Describe(file));

        Assert.Contains("several methods (loha, lora)", error.Message, StringComparison.Ordinal);
    }

    /// <summary>A of [1, 8] and B of [10, 1] that are written as views into one storage of 1 to 18, B's turned.</summary>
    [Theory]
    [InlineData("pytorch_lora_weights.bin", true)]
    [InlineData("style.pt", false)]
    public void Load_Pickle_IsThatLayersBlock(string name, bool isFoundInFolder)
    {
        using var scope = NewDisposeScope();
        using var folder = new TemporaryFolder();
        using var model = new ToyPictureMaker();
        var storage = Pickled.Storage("FloatStorage", "0", 18);
        var weight = model.WeightOf(Query).detach().clone();
        folder.Write(name, Archive(18, Pickled.Dictionary(
            ($"{Query}.lora.down.weight", Pickled.Tensor(storage, 0, [1, 8], [8, 1])),
            ($"{Query}.lora.up.weight", Pickled.Tensor(storage, 8, [10, 1], [1, 10])))));

        using var merged = Merge(model, isFoundInFolder ? folder.Path : folder[name]);

        var (a, b) = (arange(1, 9, dtype: float32).view(1, 8), arange(9, 19, dtype: float32).view(10, 1));
        Assert.Equal(0, TinyAdapters.Distance(weight + b.matmul(a), merged.MergedWeight(Assert.Single(merged.Blocks))), Tolerance);
        Assert.Equal("diffusers", AdapterStore.Describe(folder[name]).Format);
    }

    [Fact]
    public void Describe_SafetensorsBesideAPickle_GoesBefore()
    {
        using var folder = new TemporaryFolder();
        folder.Write(AdapterStore.LoraFileName, "broken");
        folder.Write("pytorch_lora_weights.bin", "broken");

        var error = Assert.Throws<FileFormatException>(() => AdapterStore.Describe(folder.Path));

        Assert.Contains(folder[AdapterStore.LoraFileName], error.Message, StringComparison.Ordinal);
    }

    /// <summary>What would run code, what is no tensor, and what is no archive: refused, and nothing happens.</summary>
    [Fact]
    public void Describe_PickleWithMoreThanTensors_IsRefusedByName()
    {
        using var folder = new TemporaryFolder();
        var factor = Pickled.Tensor(Pickled.Storage("FloatStorage", "0", 18), 0, [1, 8], [8, 1]);
        var witness = folder["witness"];
        (byte[] Content, string Message)[] files =
        [
            (
                Archive(
                    18,
                    Pickled.Dictionary(("a.lora_A.weight", factor), ("x", Pickled.Call("os", "system", Pickled.Text($"touch {witness}"))))),
                "'os.system'"),
            (
                Archive(18, Pickled.Dictionary(("a.lora_A.weight", factor), ("a.lora_B.weight", Pickled.Call("some.module", "make")))),
                "'a.lora_B.weight' is no tensor"),
            (Archive(17, Pickled.Dictionary(("a.lora_A.weight", factor))), "should hold 18 numbers"),
            (Archive(18, Pickled.Dictionary(("model.weight", factor))), "holds no LoRA"),
            ("cos\nsystem\n"u8.ToArray(), "lora.bin"),
        ];

        foreach (var (content, message) in files)
        {
            var path = folder.Write("lora.bin", content);

            Assert.Contains(
                message, Assert.Throws<FileFormatException>(() => AdapterStore.Describe(path)).Message, StringComparison.Ordinal);
        }

        Assert.False(File.Exists(witness));
    }

    [Theory]
    [InlineData(LoraFileFormat.Diffusers)]
    [InlineData(LoraFileFormat.Kohya)]
    public void SaveLoraFile_ReadAgain_IsTheSameUpdate(LoraFileFormat format)
    {
        using var scope = NewDisposeScope();
        using var folder = new TemporaryFolder();
        using var model = new ToyPictureMaker();
        var (a, b) = Pair(model.WeightOf(Query), rank: 4);
        var (convA, convB) = Pair(model.WeightOf(ToyPictureMaker.Convolution), rank: 2);
        var source = Write(
            folder,
            ("lora_unet_attn1_to_q.lora_down.weight", a), ("lora_unet_attn1_to_q.lora_up.weight", b),
            ("lora_unet_attn1_to_q.alpha", tensor(10f)),
            ("lora_unet_conv_in.lora_down.weight", convA), ("lora_unet_conv_in.lora_up.weight", convB),
            ("lora_unet_conv_in.alpha", tensor(0.3f)));
        Dictionary<string, Tensor> expected;
        using (var merged = Merge(model, source))
        {
            expected = merged.Blocks.ToDictionary(block => block.ModuleName, merged.MergedWeight, StringComparer.Ordinal);
            AdapterStore.SaveLoraFile(merged, folder["again.safetensors"], format, float32);
        }

        using var other = new ToyPictureMaker();
        using (no_grad())
        {
            foreach (var layer in expected.Keys)
            {
                other.WeightOf(layer).copy_(model.named_parameters().First(p => p.name == layer + ".base_layer.weight").parameter);
            }
        }

        using var again = Merge(other, folder["again.safetensors"]);

        Assert.Equal(
            expected.Keys.Order(StringComparer.Ordinal), again.Blocks.Select(block => block.ModuleName).Order(StringComparer.Ordinal));
        Assert.All(
            again.Blocks,
            block => Assert.Equal(0, TinyAdapters.Distance(expected[block.ModuleName], again.MergedWeight(block)), Tolerance));
        Assert.Equal(format == LoraFileFormat.Kohya ? "kohya" : "diffusers", AdapterStore.Describe(folder["again.safetensors"]).Format);
    }

    // diffusers takes the most frequent alpha of such a file for all layers.
    [Theory]
    [InlineData(8f, 8f, 8f)]     // rank 4 and 2: one alpha, kept as it is
    [InlineData(10f, 6f, 4f)]    // two: the largest rank, and the rest in B
    [InlineData(0.3f, 6f, 4f)]
    public void SaveLoraFile_OfKohya_HasOneAlphaForAllLayers(float one, float other, float written)
    {
        using var scope = NewDisposeScope();
        using var folder = new TemporaryFolder();
        using var model = new ToyPictureMaker();
        var (a, b) = Pair(model.WeightOf(Query), rank: 4);
        var (convA, convB) = Pair(model.WeightOf(ToyPictureMaker.Convolution), rank: 2);
        var source = Write(
            folder,
            (
                "lora_unet_attn1_to_q.lora_down.weight",
                a), ("lora_unet_attn1_to_q.lora_up.weight", b), ("lora_unet_attn1_to_q.alpha", tensor(one)),
            (
                "lora_unet_conv_in.lora_down.weight",
                convA), ("lora_unet_conv_in.lora_up.weight", convB), ("lora_unet_conv_in.alpha", tensor(other)));
        using var merged = Merge(model, source);

        AdapterStore.SaveLoraFile(merged, folder["again.safetensors"], LoraFileFormat.Kohya, float16);

        using var file = TensorFiles.Open(folder["again.safetensors"]);
        var alphas = file.Tensors.Keys.Where(name => name.EndsWith(".alpha", StringComparison.Ordinal)).ToArray();
        Assert.Equal(2, alphas.Length);
        Assert.All(alphas, name => Assert.Equal(written, file.Read(name).to(float32).item<float>()));
    }

    /// <summary>torch.save's archive with one storage of the numbers from 1.</summary>
    private static byte[] Archive(int count, byte[] value) => Pickled.Zip(
        CompressionLevel.NoCompression,
        ("a/data.pkl", [0x80, 2, .. value, (byte)'.']), (
            "a/data/0", [.. Enumerable.Range(1, count).SelectMany(number => BitConverter.GetBytes((float)number))]));

    private static (Tensor A, Tensor B) Pair(Tensor weight, long rank) => weight.dim() == 2
        ? (rand(rank, weight.shape[1]), rand(weight.shape[0], rank))
        : (rand([rank, .. weight.shape[1..]]), rand(weight.shape[0], rank, 1, 1));

    private static MergedAdapter Merge(ToyPictureMaker model, string file) =>
        Merger.Merge(AdapterStore.Load(model, file), MergeMethod.Exact);

    private static string Write(TemporaryFolder folder, params (string Name, Tensor Value)[] tensors) => Write(folder, null, tensors);

    private static string Write(TemporaryFolder folder, string? header, params (string Name, Tensor Value)[] tensors)
    {
        var path = folder["lora.safetensors"];
        SafetensorsWriter.Write(
            path,
            tensors.Select(tensor => KeyValuePair.Create(tensor.Name, tensor.Value)),
            header is null ? null : new Dictionary<string, string> { ["lora_adapter_metadata"] = header });
        return path;
    }
}
