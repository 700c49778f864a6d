using ResLora.Formats.Errors;
using ResLora.Models;
using ResLora.Tensors;
using ResLora.Tensors.Safetensors;
using static TorchSharp.torch;

namespace ResLora.Experiments.Verification;

/// <summary>
/// Checks the inputs of a case before libtorch sees them: ids outside of the vocabulary would end in a trace of native frames.
/// </summary>
internal static class CaseInputs
{
    private const long Ignored = -100;

    /// <summary>Requires ids, mask and (for the case's own batch) labels of one shape and in range.</summary>
    /// <param name="inputs">inputs.safetensors.</param>
    /// <param name="prefix">Empty, or the prefix of a calibration batch.</param>
    /// <param name="model">The model, which says what ids, types and labels there are.</param>
    public static void Check(SafetensorsReader inputs, string prefix, LanguageModel model)
    {
        using var scope = NewDisposeScope();
        var ids = Integers(inputs, prefix + "input_ids", 0, model.VocabularySize - 1);
        Shapes.Require(ids, prefix + "input_ids", Shapes.Any, Shapes.Any);
        Shapes.Require(Integers(inputs, prefix + "attention_mask", 0, 1), prefix + "attention_mask", ids.shape);
        if (model is EncoderModel encoder && inputs.Entries.ContainsKey(prefix + "token_type_ids"))
        {
            Shapes.Require(Integers(inputs, prefix + "token_type_ids", 0, encoder.TypeCount - 1), prefix + "token_type_ids", ids.shape);
        }

        if (prefix.Length == 0)
        {
            CheckLabels(inputs, ids.shape, model);
        }
    }

    private static void CheckLabels(SafetensorsReader inputs, long[] shape, LanguageModel model)
    {
        if (model is not EncoderModel { Head: var head })
        {
            Shapes.Require(Integers(inputs, "labels", Ignored, model.VocabularySize - 1), "labels", shape);
        }
        else if (head.Kind == ModelHeadKind.Labels)
        {
            Shapes.Require(Integers(inputs, "labels", 0, head.Outputs - 1), "labels", shape[0]);
        }
        else
        {
            Shapes.Require(inputs.Read("labels"), "labels", shape[0]);
        }
    }

    private static Tensor Integers(SafetensorsReader inputs, string name, long lowest, long highest)
    {
        var values = inputs.Read(name);
        if (values.dtype != int64 || values.NumberOfElements == 0)
        {
            throw new FileFormatException($"{inputs.Path}: '{name}' must hold I64 numbers.");
        }

        var (low, high) = (values.min().item<long>(), values.max().item<long>());
        return low >= lowest && high <= highest
            ? values
            : throw new FileFormatException($"{inputs.Path}: '{name}' has numbers from {low} to {high}; expected {lowest} to {highest}.");
    }
}
