using ResLora.Experiments.Verification.Diffusion;
using ResLora.Formats.Errors;
using ResLora.Models;
using ResLora.Tensors;
using ResLora.Tensors.Safetensors;
using static TorchSharp.torch;

namespace ResLora.Experiments.Verification;

/// <summary>
/// The network of a case with the case's inputs. The one place that knows what goes into a network and what its outputs are held against:
/// everything else of a case is the same for texts and for pictures.
/// </summary>
/// <param name="inputs">inputs.safetensors, borrowed.</param>
internal abstract class CaseNetwork(SafetensorsReader inputs) : IDisposable
{
    /// <summary>The network, in evaluation mode.</summary>
    public abstract Network Model { get; }

    /// <summary>Whether a batch may have padding, which statistics can leave out.</summary>
    public abstract bool HasPadding { get; }

    /// <summary>inputs.safetensors.</summary>
    protected SafetensorsReader Inputs => inputs;

    /// <summary>Takes a network and the inputs that go with it.</summary>
    /// <param name="model">The network; from now on the case's own.</param>
    /// <param name="inputs">inputs.safetensors, borrowed.</param>
    /// <param name="folder">The case's folder.</param>
    /// <param name="file">Its case.json.</param>
    /// <exception cref="ConfigException">Nothing is known that goes into such a network.</exception>
    public static CaseNetwork Of(Network model, SafetensorsReader inputs, string folder, CaseFile file)
    {
        switch (model)
        {
            case LanguageModel texts:
                return new CaseTexts(texts, inputs);
            case ImageModel pictures:
                return new CasePictures(pictures, inputs);
            case Denoiser denoiser:
                return CaseUNet.Of(denoiser, inputs, folder, file);
            default:
                model.Dispose();
                throw new ConfigException($"cases of a {model.GetName()} are not supported yet");
        }
    }

    /// <summary>
    /// Requires the tensors of a batch, in shape and in range: ids outside of the vocabulary would end in a trace of native frames.
    /// </summary>
    /// <param name="prefix">Empty for the case's own batch, which has labels, or the prefix of a calibration batch.</param>
    public abstract void Check(string prefix);

    /// <summary>The hidden states after the last norm of a batch.</summary>
    /// <param name="prefix">As for <see cref="Check"/>.</param>
    public abstract Tensor Hidden(string prefix);

    /// <summary>Which tokens of a batch are no padding; null where nothing can be.</summary>
    /// <param name="prefix">As for <see cref="Check"/>.</param>
    public abstract Tensor? Mask(string prefix);

    /// <summary>What the network predicts from hidden states.</summary>
    public abstract Tensor Logits(Tensor hidden);

    /// <summary>The loss of the case's own batch, a scalar.</summary>
    public abstract Tensor Loss(Tensor logits);

    /// <summary>What else is expected of the case's own batch, by name; new tensors. Default: nothing.</summary>
    /// <param name="outputs">What <see cref="Logits"/> gave.</param>
    public virtual IEnumerable<KeyValuePair<string, Tensor>> Besides(Tensor outputs) => [];

    /// <summary>The inputs of the case's own batch whose gradients are expected, as the last pass had them. Default: none.</summary>
    public virtual IEnumerable<KeyValuePair<string, Tensor>> FollowedInputs => [];

    public void Dispose() => Model.Dispose();

    /// <summary>Requires a number or the number of a label for every sample.</summary>
    protected void CheckLabels(ModelHead head, long samples) => Shapes.Require(
        head.Kind == ModelHeadKind.Labels ? Integers("labels", 0, head.Outputs - 1) : Inputs.Read("labels"), "labels", samples);

    /// <summary>Mean squared error of a score, cross entropy of labels.</summary>
    protected Tensor LabelLoss(ModelHead head, Tensor logits) => head.Kind == ModelHeadKind.Score
        ? nn.functional.mse_loss(logits.squeeze(-1), Inputs.Read("labels"))   // [B, 1] -> [B]
        : nn.functional.cross_entropy(logits, Inputs.Read("labels"));

    /// <summary>Whole numbers within bounds.</summary>
    protected Tensor Integers(string name, long lowest, long highest)
    {
        var values = Inputs.Read(name);
        if (values.dtype != int64 || values.NumberOfElements == 0)
        {
            throw new FileFormatException($"{Inputs.Path}: '{name}' must hold I64 numbers.");
        }

        var (low, high) = (values.min().item<long>(), values.max().item<long>());
        return low >= lowest && high <= highest
            ? values
            : throw new FileFormatException($"{Inputs.Path}: '{name}' has numbers from {low} to {high}; expected {lowest} to {highest}.");
    }
}
