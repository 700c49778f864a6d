using ResLora.Formats;
using TorchSharp.Utils;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ResLora.Tests.Adapters.LoraFiles;

/// <summary>A handful of layers with names as a text-to-image model has them.</summary>
internal sealed class ToyPictureMaker : Module, IOriginalNames
{
    public const string Query = "unet.attn1.to_q";
    public const string Convolution = "unet.conv_in";
    public const string Text = "text_encoder.text_model.q_proj";

    [ComponentName(Name = "unet")] private readonly UNetPart _unet = new();
    [ComponentName(Name = "text_encoder")] private readonly TextPart _text = new();

    public ToyPictureMaker() : base(nameof(ToyPictureMaker)) => RegisterComponents();

    public string? OriginalName(string layer) => layer == Convolution ? "input_blocks.0.0" : null;

    public Tensor WeightOf(string layer) => named_parameters().First(p => p.name == layer + ".weight").parameter;

    private sealed class UNetPart : Module
    {
        [ComponentName(Name = "attn1")] private readonly AttentionPart _attention = new();
        [ComponentName(Name = "conv_in")] private readonly Module<Tensor, Tensor> _entry = Conv2d(4, 6, 3, padding: 1);

        public UNetPart() : base(nameof(UNetPart)) => RegisterComponents();
    }

    private sealed class AttentionPart : Module
    {
        [ComponentName(Name = "to_q")] private readonly Module<Tensor, Tensor> _query = Linear(8, 10, hasBias: false);

        public AttentionPart() : base(nameof(AttentionPart)) => RegisterComponents();
    }

    private sealed class TextPart : Module
    {
        [ComponentName(Name = "text_model")] private readonly TextModelPart _model = new();

        public TextPart() : base(nameof(TextPart)) => RegisterComponents();
    }

    private sealed class TextModelPart : Module
    {
        [ComponentName(Name = "q_proj")] private readonly Module<Tensor, Tensor> _query = Linear(8, 8);

        public TextModelPart() : base(nameof(TextModelPart)) => RegisterComponents();
    }
}
