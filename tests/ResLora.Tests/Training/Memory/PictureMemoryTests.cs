using ResLora.Adapters;
using ResLora.Models.Memory;
using ResLora.Models.StableDiffusion;
using ResLora.Tests.Models;
using ResLora.Tests.Models.UNet;
using ResLora.Training.Loop;
using ResLora.Training.Memory;
using Xunit;
using static TorchSharp.torch;

namespace ResLora.Tests.Training.Memory;

/// <summary>The memory of networks whose layers have unlike numbers of places: those that make pictures.</summary>
public sealed class PictureMemoryTests : IDisposable
{
    private const int Width = 4;
    private const int Rank = 2;

    private static readonly BatchShape[] _pictures = [new(Rows: 3, Width: 64, Targets: 0)];

    private readonly StableDiffusionModel _model = new(TinyClip.Create(TinyPipeline.Text), TinyUNet.Create(TinyPipeline.UNet));

    public void Dispose() => _model.Dispose();

    [Fact]
    public void Of_OneBlock_CountsWhatIsBehindIt()
    {
        var memory = Of("mid_block.*.attn1.to_q")!;

        var account = Account();
        var (middle, behind) = (account.Layers.Single(layer => Reads(layer, "mid_block")), BehindTheMiddle(account));
        var before = middle.Inputs.Single(input => input.Names.Contains("mid_block.attentions.0.transformer_blocks.0.attn1.to_q")).Before;
        // The block keeps its input, and what A makes of it.
        var own = (16 + Rank) * 4 * Width;
        Assert.Equal(3 * (middle.Kept - before + own + behind.Sum(layer => layer.Kept) + account.BehindLayers), memory.Activations);
        Assert.Equal(3 * behind.Append(middle).Max(layer => layer.Passing), memory.Passing);
    }

    [Fact]
    public void Of_Checkpointed_TheFirstLayerWithABlockKeepsAll()
    {
        var memory = Of("mid_block.*.attn1.to_q", new TrainConfig { GradientCheckpointing = true })!;

        var account = Account();
        var behind = BehindTheMiddle(account);
        var first = Of("mid_block.*.attn1.to_q")!.Activations - (3 * (behind.Sum(layer => layer.Kept) + account.BehindLayers));
        Assert.Equal(first + (3 * (behind.Sum(layer => layer.Input) + account.BehindLayers)), memory.Activations);
        Assert.Equal(3 * (behind.Max(layer => layer.Kept) + behind.Max(layer => layer.Passing)), memory.Passing);
    }

    [Fact]
    public void Of_TextEncoder_CountsItsLayersAndTheWholeUNet()
    {
        var memory = Of("text_encoder.*.1.*.q_proj")!;

        var account = Account();
        var unet = account.Layers.Where(layer => layer.Prefix == "unet.").ToArray();
        var text = account.Layers.Except(unet).ToArray();
        Assert.Equal(TinyPipeline.Text.LayerCount, text.Length);
        Assert.Equal($"text_encoder.text_model.encoder.layers.1.", text[1].Prefix);
        var own = (TinyPipeline.Text.HiddenSize + Rank) * TinyPipeline.Tokens * Width;
        Assert.Equal(
            3 * (text[1..].Sum(layer => layer.Kept) + own + unet.Sum(layer => layer.Kept) + account.BehindLayers), memory.Activations);
    }

    [Fact]
    public void Of_TextEncoderCheckpointed_TheUNetsFirstLayerKeepsAll()
    {
        var memory = Of("text_encoder.*.0.*.q_proj", new TrainConfig { GradientCheckpointing = true })!;

        var account = Account();
        var unet = account.Layers.Where(layer => layer.Prefix == "unet.").ToArray();
        var text = account.Layers.Except(unet).ToArray();
        var own = (TinyPipeline.Text.HiddenSize + Rank) * TinyPipeline.Tokens * Width;
        Assert.Equal(
            3 * (text[0].Kept + own + unet[0].Kept + text[1..].Concat(unet[1..]).Sum(layer => layer.Input) + account.BehindLayers),
            memory.Activations);
    }

    [Fact]
    public void Of_AConvolution_KeepsWhatItsBlockMakesOfAnInputThatIsThere()
    {
        var (without, with) = (Of("mid_block.*.attn1.to_q")!, Of("(?:mid_block.*.attn1.to_q|up_blocks.0.resnets.0.conv1)")!);

        Assert.Equal(3 * Rank * 4 * Width, with.Activations - without.Activations);
    }

    [Theory]
    [InlineData(0.5, ShortcutKind.None)]
    [InlineData(0, ShortcutKind.Input)]
    [InlineData(0, ShortcutKind.Middle)]
    public void Of_AConvolutionWhoseBlockKeepsMore_IsNotKnown(double dropout, ShortcutKind shortcut) =>
        Assert.Null(Of("resnets.*.conv1", dropout: dropout, shortcut: shortcut));

    [Fact]
    public void Of_AllWeights_CountsEveryLayer()
    {
        var memory = MemoryEstimate.Of(_model, null, new TrainConfig(), BaseMemory.Unmapped(_model, float32), _pictures)!;

        var account = Account();
        var inputs = account.Layers
            .SelectMany(layer => layer.Inputs)
            .Where(input => !input.IsKeptAnyway)
            .Sum(input => input.Features * input.Rows * Width);
        Assert.Equal(3 * (account.Layers.Sum(layer => layer.Kept) + inputs + account.BehindLayers), memory.Activations);
    }

    private static LayerAccount[] BehindTheMiddle(MemoryAccount account) =>
        [.. account.Layers.SkipWhile(layer => !Reads(layer, "mid_block")).Skip(1)];

    private static bool Reads(LayerAccount layer, string part) =>
        layer.Inputs.Any(input => input.Names.Any(name => name.StartsWith(part, StringComparison.Ordinal)));

    private MemoryAccount Account() => _model.Memory(new TrainingTerms(Width, TrainsBase: false, FusedKernels: true) { Places = 64 })!;

    private MemoryEstimate? Of(string targets, TrainConfig? config = null, double dropout = 0, ShortcutKind shortcut = ShortcutKind.None)
    {
        var pattern = ".*" + targets.Replace(".", "\\.", StringComparison.Ordinal).Replace("*", ".*", StringComparison.Ordinal);
        var adapter = AdaptedModel.Inject(_model, new AdapterConfig
        {
            Rank = Rank,
            Dropout = dropout,
            Targets = TargetModules.Matching(pattern),
            Shortcut = new ShortcutConfig { Kind = shortcut },
        });
        try
        {
            return MemoryEstimate.Of(_model, adapter, config ?? new TrainConfig(), BaseMemory.Unmapped(_model, float32), _pictures);
        }
        finally
        {
            adapter.Remove();
        }
    }
}
