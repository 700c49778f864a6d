using System.Text.Json;
using ResLora.Models;
using ResLora.Tests.Adapters;
using ResLora.Tests.Support;
using Xunit;
using static TorchSharp.torch;

namespace ResLora.Tests.Models.Vit;

public sealed class NewVitTests
{
    private static readonly ImageNetworkShape _shape = new()
    {
        Layers = 2,
        Hidden = 16,
        Intermediate = 24,
        Heads = 2,
        Dropout = 0.1,
        InitializerRange = 0.02,
        ImageSize = new(8, 12),
        PatchSize = new(4, 4),
        Channels = 3,
        Head = ModelHead.ForLabels(["cat", "dog", "cow"]),
    };

    [Fact]
    public void NewOfImages_Shape_IsANetworkThatIsWrittenAndReadAgain()
    {
        using var scope = NewDisposeScope();
        using var folder = new TemporaryFolder();
        var made = ModelRegistry.Find("vit")!.NewOfImages!(_shape);
        Assert.Empty(made.Problems);
        using var model = (ImageModel)made.Build();
        ModelWeights.Initialize(model, _shape.InitializerRange, seed: 7, ScalarType.Float32, CPU);
        model.eval();

        ModelFolder.Write(model, made.Config, new Dictionary<string, byte[]>(), folder["new"], ScalarType.Float32, overwrite: false);

        using var loaded = (ImageModel)ModelRegistry.Load(folder["new"]);
        Assert.Equal((new PixelSize(8, 12), 3, 2, 7), (loaded.ImageSize, loaded.Channels, loaded.LayerCount, loaded.TokenCount));
        Assert.Equal(["cat", "dog", "cow"], loaded.Head.Labels);
        Assert.Equal(0, TinyAdapters.Distance(TinyVit.Predict(model), TinyVit.Predict(loaded)), 1e-6);
        using var json = JsonDocument.Parse(File.ReadAllText(Path.Combine(folder["new"], "config.json")));
        Assert.Equal([8, 12], json.RootElement.GetProperty("image_size").EnumerateArray().Select(size => size.GetInt32()));
        Assert.Equal(4, json.RootElement.GetProperty("patch_size").GetInt32());
    }

    [Fact]
    public void NewOfImages_WrongShape_SaysWhatIsWrong()
    {
        var made = ModelRegistry.Find("vit")!.NewOfImages!(_shape with { Heads = 3, PatchSize = new(16, 16) });

        Assert.Equal("hidden_size (16) is not a multiple of num_attention_heads (3)", Assert.Single(made.Problems));
    }
}
