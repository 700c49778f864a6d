using ResLora.Formats.Errors;
using ResLora.Models;
using ResLora.Tensors;
using ResLora.Tensors.Safetensors;
using static TorchSharp.torch;

namespace ResLora.Experiments.Verification;

/// <summary>A network that sees pictures: pixels and labels go in.</summary>
/// <param name="model">The model; from now on the case's own.</param>
/// <param name="inputs">inputs.safetensors, borrowed.</param>
internal sealed class CasePictures(ImageModel model, SafetensorsReader inputs) : CaseNetwork(inputs)
{
    private const string Pixels = "pixel_values";

    public override Network Model => model;

    public override bool HasPadding => false;

    public override void Check(string prefix)
    {
        using var scope = NewDisposeScope();
        var pixels = Inputs.Read(prefix + Pixels);
        if (!pixels.is_floating_point())
        {
            throw new FileFormatException($"{Inputs.Path}: '{prefix}{Pixels}' must hold numbers with fractions.");
        }

        Shapes.Require(pixels, prefix + Pixels, Shapes.Any, model.Channels, model.ImageSize.Height, model.ImageSize.Width);
        if (prefix.Length == 0)
        {
            CheckLabels(model.Head, pixels.shape[0]);
        }
    }

    public override Tensor Hidden(string prefix) => model.Hidden(Inputs.Read(prefix + Pixels));

    public override Tensor? Mask(string prefix) => null;

    public override Tensor Logits(Tensor hidden) => model.Logits(hidden);

    public override Tensor Loss(Tensor logits) => LabelLoss(model.Head, logits);
}
