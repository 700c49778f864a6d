using ResLora.Models;
using ResLora.Models.StableDiffusion;
using ResLora.Tests.Models.UNet;
using ResLora.Tests.Support;
using Xunit;
using static TorchSharp.torch;

namespace ResLora.Tests.Models;

public sealed class TextToImageModelTests : IDisposable
{
    private readonly TextToImageModel _model = new StableDiffusionModel(
        TinyClip.Create(TinyPipeline.Text), TinyUNet.Create(TinyPipeline.UNet));

    [Fact]
    public void ExecutionOrder_OfAPipeline_IsThatOfTheTextEncoderAndThenOfTheUNet()
    {
        string[] expected =
        [
            .. _model.TextEncoder.ExecutionOrder.Select(
                layer => "text_encoder." + layer), .. _model.UNet.ExecutionOrder.Select(layer => "unet." + layer),
        ];

        Assert.Equal(expected, _model.ExecutionOrder);
        Assert.All(_model.ExecutionOrder, layer => Assert.Contains(_model.named_modules(), module => module.name == layer));
        // Down, middle, up: not the order of names.
        Assert.True(
            Place("unet.mid_block.attentions.0.transformer_blocks.0.attn1.to_q") < Place(
                "unet.up_blocks.1.attentions.0.transformer_blocks.0.attn1.to_q"));
    }

    [Fact]
    public void RoleOf_LayersOfTwoParts_AreNeverOneRole()
    {
        var text = _model.ExecutionOrder.Where(
            layer => layer.StartsWith("text_encoder.", StringComparison.Ordinal)).Select(_model.RoleOf).ToHashSet();
        var unet = _model.ExecutionOrder.Where(
            layer => layer.StartsWith("unet.", StringComparison.Ordinal)).Select(_model.RoleOf).ToHashSet();

        Assert.Empty(text.Intersect(unet));
        Assert.Equal(
            _model.RoleOf("unet.down_blocks.0.attentions.0.transformer_blocks.0.attn2.to_k"),
            _model.RoleOf("unet.up_blocks.1.attentions.0.transformer_blocks.0.attn2.to_k"));
        Assert.NotEqual(
            _model.RoleOf("unet.down_blocks.0.attentions.0.transformer_blocks.0.attn2.to_k"),
            _model.RoleOf("unet.down_blocks.0.attentions.0.transformer_blocks.0.attn1.to_k"));
    }

    [Theory]
    [InlineData("unet.down_blocks.0.attentions.0.transformer_blocks.0.attn1.to_q", "down_blocks.0.attentions.0.transformer_blocks.0.attn1.to_q")]
    [InlineData("text_encoder.text_model.encoder.layers.0.self_attn.q_proj", "text_encoder.text_model.encoder.layers.0.self_attn.q_proj")]
    public void PeftName_AndOwnName_AreInverse(string own, string peft)
    {
        Assert.Equal(peft, _model.PeftName(own));
        Assert.Equal(own, _model.OwnName(peft));
        Assert.Equal(own, _model.OwnName(own));
    }

    [Fact]
    public void EncodeAndDenoise_AreThePartsOwnPasses()
    {
        using var scope = NewDisposeScope();
        using var noGradient = no_grad();
        var ids = tensor(new long[,] { { 512, 3, 7, 513, 513, 513, 513, 513 } });
        var latents = randn(1, 4, 8, 8);

        var text = _model.Encode(ids);
        var said = _model.Denoise(latents, tensor([7L]), text);

        Assert.Equal([1, 8, 8], text.shape);
        Assert.True(text.equal(_model.TextEncoder.Forward(ids)).all().item<bool>());
        Assert.True(said.equal(_model.UNet.Forward(latents, tensor([7L]), text)).all().item<bool>());
    }

    [Fact]
    public void EncodeAndDenoise_BeginAPassEach()
    {
        using var scope = NewDisposeScope();
        using var noGradient = no_grad();
        var (open, begun) = (0, 0);
        _model.BeginForward = _ =>
        {
            begun++;
            open++;
            return new Ending(() => open--);
        };

        var text = _model.Encode(full([1, 8], 3L));
        var afterText = (begun, open);
        _model.Denoise(randn(1, 4, 8, 8), tensor([7L]), text);

        Assert.Equal((1, 0), afterText);
        Assert.Equal((2, 0), (begun, open));
    }

    [Fact]
    public void EncodeAndDenoise_WithGradients_LeaveNoTensors()
    {
        foreach (var parameter in _model.parameters())
        {
            parameter.requires_grad = true;
        }

        Run();

        Assert.Equal(0, LiveTensors.Growth(Run));

        void Run()
        {
            using var scope = NewDisposeScope();
            using (var text = _model.Encode(full([2, 8], 3L)))
            {
                _model.Denoise(randn(2, 4, 8, 8), tensor([7L, 8L]), text).sum().backward();
            }

            foreach (var parameter in _model.parameters())
            {
                parameter.grad?.Dispose();
                parameter.grad = null;
            }
        }
    }

    public void Dispose() => _model.Dispose();

    private int Place(string layer)
    {
        var place = _model.ExecutionOrder.ToList().IndexOf(layer);
        Assert.True(place >= 0, layer);
        return place;
    }

    private sealed class Ending(Action act) : IDisposable
    {
        public void Dispose() => act();
    }
}
